//! The crate etcd-client as a peer of the bench. It speaks the protocol of bench/peers/README.md: one line of JSON for
//! each request on stdin, one line for its answer on stdout.
use std::future::Future;
use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine;
use etcd_client::{Client, Compare, CompareOp, LockOptions, Txn, TxnOp};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Serializer, V2DeflateSerializer};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::sleep;

type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Request {
    Open {
        endpoints: Vec<String>,
    },
    #[serde(rename_all = "camelCase")]
    Prepare {
        clients: usize,
        ttl_seconds: i64,
    },
    Run(Run),
    Close,
}

#[derive(Deserialize, Clone)]
#[serde(rename_all = "camelCase")]
struct Run {
    work: String,
    names: Vec<String>,
    concurrency: usize,
    start_at_us: f64,
    window_start_us: f64,
    window_end_us: f64,
    hold_us: f64,
}

/// The clock that all processes of the machine share.
fn monotonic_us() -> f64 {
    let mut now = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to `now`, and does not keep it.
    let failed = unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut now) };
    assert_eq!(failed, 0, "CLOCK_MONOTONIC can be read");
    now.tv_sec as f64 * 1e6 + now.tv_nsec as f64 / 1e3
}

fn cpu_us() -> f64 {
    // SAFETY: zeroes are a rusage; the call writes to it, and does not keep it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, &mut usage), 0, "CPU time can be read");
        usage
    };
    let us = |time: libc::timeval| time.tv_sec as f64 * 1e6 + time.tv_usec as f64;
    us(usage.ru_utime) + us(usage.ru_stime)
}

async fn sleep_until(us: f64) {
    sleep(Duration::from_secs_f64((us - monotonic_us()).max(0.0) / 1e6)).await;
}

/// A client with a connection and, unless its server has no leases, a lease of its own that is kept alive.
struct Contender {
    client: Client,
    lease: i64,
    renewals: Option<JoinHandle<()>>,
}

impl Contender {
    async fn open(endpoints: &[String], ttl_seconds: i64) -> Result<Self, Failure> {
        let mut client = Client::connect(endpoints, None).await?;
        if ttl_seconds == 0 {
            return Ok(Self { client, lease: 0, renewals: None });
        }
        let lease = client.lease_grant(ttl_seconds, None).await?.id();
        let (mut keeper, mut replies) = client.lease_keep_alive(lease).await?;
        let renewals = tokio::spawn(async move {
            // Until an error, which the locks' own calls will meet too.
            while keeper.keep_alive().await.is_ok() && matches!(replies.message().await, Ok(Some(_))) {
                sleep(Duration::from_secs_f64(ttl_seconds as f64 / 3.0)).await;
            }
        });
        Ok(Self { client, lease, renewals: Some(renewals) })
    }

    async fn close(mut self) -> Result<(), Failure> {
        if let Some(renewals) = self.renewals {
            renewals.abort();
            self.client.lease_revoke(self.lease).await?;
        }
        Ok(())
    }
}

/// A minute: far past every timeout. Longer operations are counted as this.
const LATENCY_MAX_NS: u64 = 60_000_000_000;

/// What one task has seen.
struct Part {
    holds: Vec<f64>,
    latencies: Histogram<u64>,
    total_count: u64,
    error_count: u64,
    error_text: Option<String>,
}

impl Part {
    fn new() -> Self {
        Self {
            holds: Vec::new(),
            latencies: Histogram::new_with_bounds(1, LATENCY_MAX_NS, 3).expect("three digits of a minute"),
            total_count: 0,
            error_count: 0,
            error_text: None,
        }
    }

    async fn fail(&mut self, error: Failure) {
        self.error_count += 1;
        self.error_text.get_or_insert_with(|| error.to_string());
        // A server that refuses everything must not be asked in a tight loop.
        sleep(Duration::from_millis(10)).await;
    }
}

/// Takes the lock, holds it and releases it until the window ends. As in the other peers, an acquire that waits at that
/// moment gets its turn, and lets go at once.
async fn contend(mut client: Client, lease: i64, run: Run) -> Part {
    let mut own = Part::new();
    while monotonic_us() < run.window_end_us {
        let options = LockOptions::new().with_lease(lease);
        let lock = match client.lock(run.names[0].as_str(), Some(options)).await {
            Ok(lock) => lock,
            Err(error) => {
                own.fail(error.into()).await;
                continue;
            }
        };
        let acquired_us = monotonic_us();
        if run.hold_us > 0.0 && acquired_us < run.window_end_us {
            sleep(Duration::from_secs_f64(run.hold_us / 1e6)).await;
        }
        own.total_count += 1;
        // The service tells no create revision. Its header is that of the answer which said that the lock is ours.
        let token = lock.header().map_or(0, |header| header.revision());
        own.holds.extend([token as f64, acquired_us, monotonic_us()]);
        if let Err(error) = client.unlock(lock.key()).await {
            own.fail(error.into()).await;
        }
    }
    own
}

/// Makes one operation after the other until the window ends, and counts those that end well in it.
async fn repeat<F: Future<Output = Result<(), Failure>>>(run: Run, mut operation: impl FnMut() -> F) -> Part {
    let mut own = Part::new();
    let mut started_us = monotonic_us();
    while started_us < run.window_end_us {
        let result = operation().await;
        let mut ended_us = monotonic_us();
        own.total_count += 1;
        if let Err(error) = result {
            own.fail(error).await;
            ended_us = monotonic_us();
        } else if ended_us >= run.window_start_us && ended_us < run.window_end_us {
            own.latencies.saturating_record((((ended_us - started_us) * 1e3) as u64).max(1));
        }
        started_us = ended_us;
    }
    own
}

/// Takes a lock that nobody else wants.
async fn acquire_and_release(mut client: Client, lease: i64, name: String) -> Result<(), Failure> {
    let lock = client.lock(name, Some(LockOptions::new().with_lease(lease))).await?;
    client.unlock(lock.key()).await?;
    Ok(())
}

/// Makes one Txn, which is to succeed.
async fn compare_and_get(mut client: Client) -> Result<(), Failure> {
    let txn = Txn::new()
        .when([Compare::mod_revision("bench/key", CompareOp::Greater, 0)])
        .and_then([TxnOp::get("bench/key", None)]);
    match client.txn(txn).await?.succeeded() {
        true => Ok(()),
        false => Err("the reply is not the one expected".into()),
    }
}

#[derive(Default)]
struct Peer {
    endpoints: Vec<String>,
    contenders: Vec<Contender>,
}

impl Peer {
    /// Opens or closes contenders, until there are as many as are asked for.
    async fn prepare(&mut self, count: usize, ttl_seconds: i64) -> Result<(), Failure> {
        while self.contenders.len() > count {
            self.contenders.pop().expect("there is one").close().await?;
        }
        while self.contenders.len() < count {
            self.contenders.push(Contender::open(&self.endpoints, ttl_seconds).await?);
        }
        Ok(())
    }

    /// Starts a task for each client, or for each operation in flight.
    fn start(&self, run: &Run) -> Result<Vec<JoinHandle<Part>>, Failure> {
        let first = self.contenders.first().ok_or("no client is prepared")?;
        let lease = first.lease;
        Ok(match run.work.as_str() {
            "contend" => self
                .contenders
                .iter()
                .map(|own| tokio::spawn(contend(own.client.clone(), own.lease, run.clone())))
                .collect(),
            "acquire" => {
                let used = Arc::new(AtomicU64::new(0));
                (0..run.concurrency)
                    .map(|_| {
                        let (client, used, name) = (first.client.clone(), used.clone(), run.names[0].clone());
                        tokio::spawn(repeat(run.clone(), move || {
                            let number = used.fetch_add(1, Ordering::Relaxed);
                            acquire_and_release(client.clone(), lease, format!("{name}/{number}"))
                        }))
                    })
                    .collect()
            }
            "limit" => (0..run.concurrency)
                .map(|_| {
                    let client = first.client.clone();
                    tokio::spawn(repeat(run.clone(), move || compare_and_get(client.clone())))
                })
                .collect(),
            work => return Err(format!("no work {work:?}: etcd's lock service has no other").into()),
        })
    }

    async fn run(&self, run: Run) -> Result<Value, Failure> {
        sleep_until(run.start_at_us).await;
        let tasks = self.start(&run)?;
        sleep_until(run.window_start_us).await;
        let cpu_at_start = cpu_us();
        sleep_until(run.window_end_us).await;
        let cpu = cpu_us() - cpu_at_start;
        let mut all = Part::new();
        for task in tasks {
            let own = task.await?;
            all.holds.extend(own.holds);
            all.latencies.add(own.latencies)?;
            all.total_count += own.total_count;
            all.error_count += own.error_count;
            all.error_text = all.error_text.or(own.error_text);
        }
        let mut answer = json!({
            "type": "measured",
            "cpuUs": cpu,
            "errorCount": all.error_count,
            "totalCount": all.total_count,
            "operationCount": all.latencies.len(),
        });
        if let Some(text) = all.error_text {
            answer["errorText"] = text.into();
        }
        if run.work == "contend" {
            answer["holds"] = all.holds.into();
        } else {
            let mut encoded = Vec::new();
            V2DeflateSerializer::new().serialize(&all.latencies, &mut encoded)?;
            answer["serviceHdr"] = base64::prelude::BASE64_STANDARD.encode(encoded).into();
        }
        Ok(answer)
    }

    async fn handle(&mut self, request: Request) -> Result<Value, Failure> {
        match request {
            Request::Open { endpoints } => {
                self.endpoints = endpoints;
                return Ok(json!({ "type": "ready", "clockUs": monotonic_us() }));
            }
            Request::Prepare { clients, ttl_seconds } => self.prepare(clients, ttl_seconds).await?,
            Request::Run(run) => return self.run(run).await,
            Request::Close => self.prepare(0, 0).await?,
        }
        Ok(json!({ "type": "ready" }))
    }
}

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let mut peer = Peer::default();
    // This thread is none of the runtime's workers, so it may wait for lines.
    for line in std::io::stdin().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        let is_last = matches!(request, Request::Close);
        let answer =
            peer.handle(request).await.unwrap_or_else(|error| json!({ "type": "failed", "reason": error.to_string() }));
        println!("{answer}");
        std::io::stdout().flush()?;
        if is_last {
            break;
        }
    }
    Ok(())
}
