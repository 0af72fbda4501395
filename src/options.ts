/**
 * Every limit and default in one place, with its unit and its reason. Nothing here is read from the
 * environment: what a program passes to `new Client()` is all there is.
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Any of the fields; one that is undefined is as if it were not there. */
export type Some<Fields> = { [Name in keyof Fields]?: Fields[Name] | undefined };

/** What one connection may cost and how long it waits. */
export interface ConnectionLimits {
  /**
   * TCP, TLS and the server's SETTINGS together. A LAN needs milliseconds; a SYN that was lost is sent again after 1 s.
   * Default: 3,000.
   */
  connectTimeoutMs: number;
  /**
   * A PING goes out when a call is open and nothing was read for this long. etcd's plaintext stack closes a
   * connection that pings more often than every 5 s (grpc keepalive enforcement, `too_many_pings`). Default: 10,000.
   */
  pingIntervalMs: number;
  /**
   * A connection older than this, give or take 10 %, is replaced: by one that is open already, and it ends when its
   * last call has. So that rotated certificates are used, and balancers between us and etcd can balance. 0: never.
   * Default: 0, or 3,600,000 where certificates come from files.
   */
  connectionMaxAgeMs: number;
  /** A PING that is not answered in this time proves the connection dead. Default: 3,000. */
  pingTimeoutMs: number;
  /**
   * The largest message taken from the server, checked before memory is given. etcd itself sends up to 2^31-1
   * bytes; 64 MiB holds any answer that a sane page size asks for. Default: 64 MiB.
   */
  messageMaxBytes: number;
  /** Receive window of one stream: how much a paused reader makes us hold. Default: 1 MiB. */
  streamWindowBytes: number;
  /**
   * Receive window of the connection; its credit is always given back, so this only has to cover bandwidth times delay.
   * Default: 16 MiB.
   */
  connectionWindowBytes: number;
  /**
   * Largest frame we let the server send. 16 KiB, the protocol's minimum, keeps small answers from waiting behind big
   * ones. Default: 16 KiB.
   */
  frameMaxBytes: number;
  /** Compressed bytes of one header block, CONTINUATION included; etcd's are below 300. Default: 16 KiB. */
  headerBlockMaxBytes: number;
  /** CONTINUATION frames in one header block: a flood of tiny ones is CVE-2024-27316. Default: 8. */
  continuationMaxCount: number;
  /** Decoded header list, 32 bytes charged per field (RFC 9113 §6.5.2): bounds an HPACK bomb. Default: 16 KiB. */
  headerListMaxBytes: number;
  /**
   * Acknowledgements that a server may make us owe while it does not read: a PING or SETTINGS flood ends here
   * (CVE-2019-9512, 9515). Default: 1,000.
   */
  owedFramesMax: number;
  /**
   * Frames that a server may send without bringing a call forward (PING, SETTINGS, WINDOW_UPDATE, frames on streams
   * that are gone) before our own requests and time have earned it more. A server beyond it floods us. Default: 1,000.
   */
  controlFramesMax: number;
  /** Calls that wait for the server's MAX_CONCURRENT_STREAMS. One more fails at once, unsent. Default: 100,000. */
  queuedCallsMax: number;
  /**
   * Messages that wait for a server that gives no window or does not read: a call that finds this much before it
   * fails at once, unsent. Default: 64 MiB.
   */
  queuedBytesMax: number;
  /**
   * How long the event loop polls for an answer after a request, instead of sleeping until one comes. Waking a sleeping
   * process costs some 15 µs; polling costs a whole core while calls are under way, and other processes may need it.
   * 0 never polls. The connection of watches and renewals never does. Default: 0.
   */
  busyPollMs: number;
  /**
   * A server that owes answers to calls and says nothing for this long may be stopped: the leader is then asked for its
   * `Status`, and new calls wait for that answer unsent, so that a frozen leader takes no more than the calls of this
   * time with it. A false alarm costs one round trip, and doubles the time for a while. 0 never doubts. Default: 5.
   */
  silenceMs: number;
}

export const DEFAULT_CONNECTION_LIMITS: Readonly<ConnectionLimits> = {
  connectTimeoutMs: 3_000,
  connectionMaxAgeMs: 0,
  pingIntervalMs: 10_000,
  pingTimeoutMs: 3_000,
  messageMaxBytes: 64 * MiB,
  streamWindowBytes: 1 * MiB,
  connectionWindowBytes: 16 * MiB,
  frameMaxBytes: 16 * KiB,
  headerBlockMaxBytes: 16 * KiB,
  continuationMaxCount: 8,
  headerListMaxBytes: 16 * KiB,
  owedFramesMax: 1_000,
  controlFramesMax: 1_000,
  queuedCallsMax: 100_000,
  queuedBytesMax: 64 * MiB,
  busyPollMs: 0,
  // A commit takes 1 ms on a good disk; a slower one costs some Status calls until the time has adapted. 10 ms took three
  // writes of 200 a second with a frozen leader, 5 ms take two (`npm run bench -- failover`).
  silenceMs: 5,
};

/** One socket read. A c=64 burst of answers is some 5 KiB; 64 KiB lets one read empty the kernel's buffer. */
export const READ_BUFFER_BYTES = 64 * KiB;
/** The two output buffers start here and double when a tick needs more. */
export const OUTPUT_BUFFER_BYTES = 64 * KiB;
/** An output buffer that grew above this for one burst is given back afterwards. */
export const OUTPUT_BUFFER_KEEP_BYTES = 4 * MiB;
/** While the socket takes nothing, calls beyond this are not written but wait, and end at their deadline unsent. */
export const OUTPUT_WAITING_MAX_BYTES = 1 * MiB;
/** Bulk DATA written per flush, so that a small call never waits behind more than this on our side. */
export const BULK_BYTES_PER_FLUSH = 64 * KiB;
/** What time adds to a server's credit for frames that bring nothing (`controlFramesMax`), up to one full credit. */
export const CONTROL_FRAMES_PER_SECOND = 100;
/**
 * What each DATA frame of ours adds: a PING and two window updates may answer it, and three frames more come for a
 * call that we have given up meanwhile.
 */
export const CONTROL_FRAMES_PER_DATA_FRAME = 8;
/** The most that can be earned at once: a million PINGs are some 70 ms of work, spread over as many reads. */
export const CONTROL_FRAMES_EARNED_MAX = 1_000_000;
/** `too_many_pings` doubles the ping interval up to this: what grpc's servers allow a client without calls. */
export const PING_INTERVAL_MAX_MS = 2 * 60 * 60 * 1_000;
/**
 * How long a PING by which grpc-go's server measures the path waits for its answer. It sends one, and a window update, for
 * the first DATA after each answer, so answering at once costs every lone call a PING to read and an answer to write, and
 * the processes at both ends a wake-up each; so it costs them a hundred a second. A server that takes the path for
 * 10 ms longer than it is gives larger windows.
 */
export const PATH_PROBE_ANSWER_MS = 10;
/** DATA that a server sends on streams that it has ended itself; one beyond it floods us. An honest one sends none. */
export const LATE_DATA_MAX_BYTES = 16 * MiB;
/** A message above this delays what stands behind it on its connection: new calls take another one meanwhile. */
export const BULK_MESSAGE_BYTES = 128 * KiB;
/** How long a buffer of more than `STREAM_BUFFER_KEEP_BYTES` is kept for the next large message of its connection. */
export const BULK_BUFFER_KEEP_MS = 5_000;
/** `connectionMaxAgeMs` where TLS comes from files: a rotated certificate is in use everywhere an hour later. */
export const FILE_TLS_MAX_AGE_MS = 60 * 60 * 1_000;
/** How long after a failed try before an old connection's replacement is tried again. */
export const REPLACEMENT_RETRY_MS = 10_000;
/** How long after a failed try before a second connection for calls is tried again. */
export const SPARE_RETRY_MS = 1_000;
/** Where the doubling of `silenceMs` ends: beside an answer that takes so long, one Status more is nothing. */
export const SILENCE_MAX_MS = 100;
/** How long without a false alarm until the adapted `silenceMs` is halved again. */
export const SILENCE_HALVING_MS = 10_000;
/** Deadlines are checked in steps of this: a call ends at most one step after its deadline. */
export const DEADLINE_STEP_MS = 10;
/** A stream's own message buffer above this is dropped when the stream is done, not kept for the next one. */
export const STREAM_BUFFER_KEEP_BYTES = 64 * KiB;
/** Stream identifiers are used up at 2^31-1 (RFC 9113 §5.1.1); a new connection is made well before, at 75 % as in grpc-go. */
export const STREAM_ID_RETIRE = Math.floor(0.75 * (2 ** 31 - 1)) | 1;

/** TLS, as Node's `tls.connect` names things; PEM text or bytes. */
export interface TlsOptions {
  /** Certificate authorities to trust instead of the system's. */
  ca?: string | Buffer | readonly (string | Buffer)[] | undefined;
  /** Client certificate chain, where the server asks for one (`--client-cert-auth`). */
  cert?: string | Buffer | undefined;
  key?: string | Buffer | undefined;
  /**
   * Paths of PEM files, in place of `ca`, `cert` and `key`, or with the same text in those. They are read when the client
   * is made, and again for every new connection, so that a rotation takes effect without a restart;
   * `limits.connectionMaxAgeMs` bounds how long that takes. While they are missing, cut short or do not fit together,
   * what was usable last stays in use. Replace them by renaming, the certificate's chain above all: a list cut between
   * two certificates looks whole.
   *
   * Where certificates come from elsewhere, make `ca`, `cert` and `key` getters: they are called when the client is
   * made, to check what they give, and once for every new connection.
   */
  caFile?: string | undefined;
  certFile?: string | undefined;
  keyFile?: string | undefined;
  /** The name to ask for and to verify, instead of the endpoint's host. */
  serverName?: string | undefined;
  /** Take any certificate. For experiments only: anybody on the path can read and change everything. */
  insecureSkipVerify?: boolean | undefined;
}

/** Default deadline of a call. etcd itself gives up on a request after 7 s with default elections (`v3_server.go`, ReqTimeout). */
export const DEFAULT_TIMEOUT_MS = 10_000;
/** How long `getConnectivityState(true)` on the gRPC channel goes on connecting: gRPC's own minimum (connection-backoff.md). */
export const CHANNEL_CONNECT_TIMEOUT_MS = 20_000;
/** A call on the gRPC channel that provably never reached a server is sent this often, the first time included. */
export const TRANSPARENT_TRIES_MAX = 5;
/** The longest wait before such a repeat; the first repeat comes at once, the next after up to 20 ms, then twice that. */
export const TRANSPARENT_RETRY_MAX_MS = 1_000;
/** Messages that a stream of the gRPC channel holds for a reader before it lets flow control stop the server. */
export const UNREAD_BYTES_MAX = 64 * KiB;
/** The longest deadline: Node's timers hold 31 bits of milliseconds. */
export const TIMEOUT_MAX_MS = 2 ** 31 - 1;

/** Between two questions to one member while no leader is known: finds a new one within a step of its election. */
export const LEADER_PROBE_MS = { min: 20, spread: 20 } as const;
/** A `Status` that takes longer than this says nothing useful about who leads. */
export const STATUS_TIMEOUT_MS = 1_000;

/** A session's TTL where none is given: what etcd's `concurrency.NewSession` uses. */
export const DEFAULT_SESSION_TTL_SECONDS = 60;
/** etcd refuses a TTL above this (`lease.MaxLeaseTTL`). */
export const LEASE_TTL_MAX_SECONDS = 9_000_000_000;

/**
 * Taken off a lease's provable end: 1 % of the TTL covers clocks that run at different rates (500 ppm is a bad
 * one), and the fixed part covers rounding of timers.
 */
export const SESSION_MARGIN = { share: 0.01, fixedMs: 20 } as const;
/**
 * Without an open connection, one more member is connected to each time that so much has passed: RFC 8305 §5 recommends it
 * for addresses of one host.
 */
export const CONNECT_STAGGER_MS = 250;
/** A renewal without an answer in this time is sent again elsewhere, well before the lease can end. */
export const RENEWAL_TIMEOUT_MAX_MS = 1_000;
/** Between failed renewals: short, because the lease is running out. */
export const RENEWAL_RETRY_MS = 50;
/** A lock's name goes into its acquire five times, and a request holds 1.5 MiB. */
export const LOCK_NAME_MAX_BYTES = 128 * KiB;
/**
 * Waiters with at most so many keys ahead watch all of the line, and know from the event alone that it is their turn. Those
 * further back watch one key, so that a release costs the same however long the line is. Each release brings one more of
 * them near, which takes two round trips: this many hand-overs take longer.
 */
export const NEAR_WAITERS_COUNT = 8;
/**
 * A lock that is held this long, and up to twice this long, has its key watched: what is held for a moment need not pay
 * for that.
 */
export const HELD_KEY_WATCH_MS = 1_000;
/** How long the watch on a contended name outlives its last use: the next acquire then needs no new one. */
export const WARM_WATCH_MS = 2_000;
/**
 * A request that was sent and not answered may still be applied for this long: etcd's own request timeout, 7 s
 * with default elections, and a margin.
 */
export const LATE_APPLY_MS = 8_000;
/** Between tries to delete a key that nobody means any more. It blocks its name, and the cluster is in trouble already. */
export const KEY_REMOVAL_BACKOFF = { baseMs: 50, capMs: 5_000 } as const;

/**
 * A create on a watch stream on which nothing comes for so long is tried again, where the leader is by then: longer than
 * connecting may take, and short enough for a second try within the default deadline.
 */
export const WATCH_CREATE_TIMEOUT_MS = 4_000;
/** Between two questions how far a watch stream has come: a server that has watchers to catch up does it every 100 ms. */
export const WATCH_PROGRESS_RETRY_MS = 200;
/** Events that a watcher holds for a slow consumer: ten of the 1,000 revisions that a server sends at most at once. */
export const WATCH_BUFFER_MAX_EVENTS = 10_000;
/** The same in bytes on the wire; what one message brings on top of it is held as well. */
export const WATCH_BUFFER_MAX_BYTES = 16 * MiB;
/** Events of one revision, which are delivered together however many messages they came in: as one message's bound. */
export const WATCH_REVISION_MAX_BYTES = 64 * MiB;
/** Messages over `messageMaxBytes` that may break a watch's stream, with nothing delivered in between, before it ends. */
export const WATCH_TOO_LARGE_MAX_COUNT = 4;

/**
 * Pages of a large range, where the caller does not say their size, aim at this: a few ms of one connection, and memory
 * for two. etcd counts all keys behind a page's start for each page, some 120 ns of its CPU each (3.7.1): 410,000 keys of
 * 100 bytes cost it 11 s in pages of 1,000, and 2 s in pages of 10,000.
 */
export const PAGE_TARGET_BYTES = 2 * MiB;
/** Keys of the first page, whose size nobody knows yet. */
export const PAGE_FIRST_KEYS = 1_000;
/** Keys of a page at most: those of the next one may have far larger values, and etcd makes a page as a whole. */
export const PAGE_MAX_KEYS = 10_000;
/** A renewal comes earlier than it must by up to this share of its interval, so that 10,000 leases do not renew in one moment. */
export const RENEWAL_JITTER = 0.1;

/** A defragmentation copies the whole database, which may be 8 GiB, and disks may do 20 MiB a second. */
export const DEFRAGMENT_TIMEOUT_MS = 10 * 60 * 1_000;
/** Asking all members for their status: as long as connecting may take. A member that is down must not hold up the others' answers. */
export const STATUSES_TIMEOUT_MS = 3_000;
/**
 * Leases of up to this TTL are renewed at a sixth of it, others at a third. With default elections a new leader is there
 * 1 to 2 s after the old one stopped: a TTL of 2 s, etcd's least, of which a third has passed by then, is mostly too short.
 */
export const SHORT_LEASE_SECONDS = 5;
/** The least time that one member gets for a renewal that a caller asked for: far above a round trip, far below an election. */
export const RENEWAL_TIMEOUT_MIN_MS = 100;
/** Calendar and monotonic clock drift apart by less than this between two looks: NTP slews at most 0.5 ms per second. */
export const CALENDAR_NOISE_MS = 50;

/**
 * Between attempts of `stm`, from the second repeat on: up to one round trip of the commit that failed, then two, four, ...
 * Of attempts that rest on the same state one always wins, so waits need only be as long as it takes to thin them out. With
 * 128 transactions on one key 32 round trips made 9 attempts each, 8 made 16 at a third less commits a second, and no wait
 * made 80; with 8, all made about as many commits. The second bound is for slow networks.
 */
export const STM_BACKOFF = { roundTripsMax: 32, capMs: 1_000 } as const;

/**
 * How often in a row a lock may pass from caller to caller of one session while others wait for it at etcd, and how long
 * after it came to that session. Passing on costs one round trip where a turn of somebody else costs two and an event, and
 * whoever waits elsewhere must not wait for ever.
 */
export const LOCAL_HANDOVER_MAX = { count: 16, ms: 100 } as const;
/** The owner's text is part of each key's value, and a compare of each guard: for a name, not for a document. */
export const LOCK_OWNER_MAX_BYTES = 1 * KiB;

/**
 * Keys that one acquire puts at most: a `MultiLock`'s names, the permits of a semaphore that are taken at once. Where it finds
 * the lock taken, the transaction reads the line of each and puts the keys one level below, where etcd allows what the
 * longest list above leaves of 128 operations: 63 + 1 and 63.
 */
export const ENTRY_KEYS_MAX_COUNT = 63;
