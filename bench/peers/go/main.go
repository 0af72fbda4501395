// etcd's own Go client (clientv3 and its package concurrency) as a peer of the bench. It speaks the protocol of
// bench/peers/README.md: one line of JSON for each request on stdin, one line for its answer on stdout.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"golang.org/x/sys/unix"
)

type request struct {
	Type string `json:"type"`
	// open
	Endpoints []string `json:"endpoints"`
	// prepare
	Clients    int `json:"clients"`
	TTLSeconds int `json:"ttlSeconds"`
	// run
	Work          string   `json:"work"`
	Names         []string `json:"names"`
	Concurrency   int      `json:"concurrency"`
	StartAtUs     float64  `json:"startAtUs"`
	WindowStartUs float64  `json:"windowStartUs"`
	WindowEndUs   float64  `json:"windowEndUs"`
	HoldUs        float64  `json:"holdUs"`
}

type answer struct {
	Type    string  `json:"type"`
	Reason  string  `json:"reason,omitempty"`
	About   string  `json:"about,omitempty"`
	ClockUs float64 `json:"clockUs,omitempty"`
	// measured
	CPUUs          float64   `json:"cpuUs"`
	ErrorCount     int       `json:"errorCount"`
	ErrorText      string    `json:"errorText,omitempty"`
	TotalCount     int       `json:"totalCount"`
	OperationCount int64     `json:"operationCount"`
	Holds          []float64 `json:"holds,omitempty"`
	ServiceHdr     string    `json:"serviceHdr,omitempty"`
}

// monotonicUs reads the clock that all processes of the machine share.
func monotonicUs() float64 {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		panic(err)
	}
	return float64(now.Sec)*1e6 + float64(now.Nsec)/1e3
}

func cpuUs() float64 {
	var usage unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	us := func(t unix.Timeval) float64 { return float64(t.Sec)*1e6 + float64(t.Usec) }
	return us(usage.Utime) + us(usage.Stime)
}

func sleepUntil(us float64) {
	time.Sleep(time.Duration((us - monotonicUs()) * 1e3))
}

// A contender is a client with a connection and, unless its server has no leases, a session of its own.
type contender struct {
	client  *clientv3.Client
	session *concurrency.Session
}

func openContender(endpoints []string, ttlSeconds int) (*contender, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: endpoints, DialTimeout: 5 * time.Second})
	if err != nil {
		return nil, err
	}
	if ttlSeconds == 0 {
		return &contender{client: client}, nil
	}
	session, err := concurrency.NewSession(client, concurrency.WithTTL(ttlSeconds))
	if err != nil {
		client.Close()
		return nil, err
	}
	return &contender{client, session}, nil
}

func (c *contender) close() {
	if c.session != nil {
		c.session.Close()
	}
	c.client.Close()
}

type peer struct {
	endpoints  []string
	contenders []*contender
}

// prepare opens or closes contenders, until there are as many as are asked for.
func (p *peer) prepare(count, ttlSeconds int) error {
	for len(p.contenders) > count {
		last := len(p.contenders) - 1
		p.contenders[last].close()
		p.contenders = p.contenders[:last]
	}
	for len(p.contenders) < count {
		opened, err := openContender(p.endpoints, ttlSeconds)
		if err != nil {
			return err
		}
		p.contenders = append(p.contenders, opened)
	}
	return nil
}

// A minute: far past every timeout. Longer operations are counted as this.
const latencyMaxNs = 60e9

func newHistogram() *hdrhistogram.Histogram { return hdrhistogram.New(1, latencyMaxNs, 3) }

// What one goroutine has seen.
type part struct {
	holds      []float64
	latencies  *hdrhistogram.Histogram
	totalCount int
	errorCount int
	errorText  string
}

func (own *part) fail(err error) {
	own.errorCount++
	if own.errorText == "" {
		own.errorText = err.Error()
	}
	// A server that refuses everything must not be asked in a tight loop.
	time.Sleep(10 * time.Millisecond)
}

// contend takes the lock, holds it and releases it until the window ends. As in the other peers, an acquire that waits
// at that moment gets its turn, and lets go at once.
func (own *part) contend(ctx context.Context, c *contender, r request) {
	for monotonicUs() < r.WindowEndUs {
		mutex := concurrency.NewMutex(c.session, r.Names[0])
		if err := mutex.Lock(ctx); err != nil {
			own.fail(err)
			continue
		}
		acquired := monotonicUs()
		if r.HoldUs > 0 && acquired < r.WindowEndUs {
			time.Sleep(time.Duration(r.HoldUs * 1e3))
		}
		own.totalCount++
		// Go's fencing token: the revision of the answer that said that the lock is ours.
		own.holds = append(own.holds, float64(mutex.Header().Revision), acquired, monotonicUs())
		if err := mutex.Unlock(ctx); err != nil {
			own.fail(err)
		}
	}
}

// A window is the time between windowStartUs and windowEndUs.
type window struct{ start, end time.Time }

func windowOf(r request) window {
	now, nowUs := time.Now(), monotonicUs()
	at := func(us float64) time.Time { return now.Add(time.Duration((us - nowUs) * 1e3)) }
	return window{at(r.WindowStartUs), at(r.WindowEndUs)}
}

// loop makes one operation after the other until the window ends, and counts those that end well in it.
func (own *part) loop(w window, operation func() error) {
	own.latencies = newHistogram()
	for started := time.Now(); started.Before(w.end); {
		err := operation()
		ended := time.Now()
		own.totalCount++
		if err != nil {
			own.fail(err)
			ended = time.Now()
		} else if !ended.Before(w.start) && ended.Before(w.end) {
			// It fails for values that are out of the range only.
			_ = own.latencies.RecordValue(min(max(int64(ended.Sub(started)), 1), latencyMaxNs))
		}
		started = ended
	}
}

// try asks for a lock that somebody else holds.
func (c *contender) try(ctx context.Context, name string) error {
	err := concurrency.NewMutex(c.session, name).TryLock(ctx)
	switch {
	case err == nil:
		return errors.New("a lock that somebody else holds was given to us")
	case errors.Is(err, concurrency.ErrLocked):
		return nil
	}
	return err
}

// acquireAndRelease takes a lock that nobody else wants.
func (c *contender) acquireAndRelease(ctx context.Context, name string) error {
	mutex := concurrency.NewMutex(c.session, name)
	if err := mutex.Lock(ctx); err != nil {
		return err
	}
	return mutex.Unlock(ctx)
}

// compareAndGet makes one Txn, which is to succeed.
func (c *contender) compareAndGet(ctx context.Context) error {
	reply, err := c.client.Txn(ctx).
		If(clientv3.Compare(clientv3.ModRevision("bench/key"), ">", 0)).
		Then(clientv3.OpGet("bench/key")).
		Commit()
	if err == nil && !reply.Succeeded {
		err = errors.New("the reply is not the one expected")
	}
	return err
}

// workOf has a function for each goroutine of the run.
func (p *peer) workOf(r request) (work []func(context.Context, *part), err error) {
	w := windowOf(r)
	sideBySide := func(count int, operation func(ctx context.Context, slot int) error) {
		for slot := range count {
			work = append(work, func(ctx context.Context, own *part) {
				own.loop(w, func() error { return operation(ctx, slot) })
			})
		}
	}
	switch r.Work {
	case "contend":
		for _, c := range p.contenders {
			work = append(work, func(ctx context.Context, own *part) { own.contend(ctx, c, r) })
		}
	case "try":
		sideBySide(len(r.Names), func(ctx context.Context, slot int) error {
			return p.contenders[0].try(ctx, r.Names[slot])
		})
	case "acquire":
		var used atomic.Int64
		sideBySide(r.Concurrency, func(ctx context.Context, _ int) error {
			return p.contenders[0].acquireAndRelease(ctx, fmt.Sprintf("%s/%d", r.Names[0], used.Add(1)))
		})
	case "limit":
		sideBySide(r.Concurrency, func(ctx context.Context, _ int) error {
			return p.contenders[0].compareAndGet(ctx)
		})
	default:
		err = fmt.Errorf("no work %q", r.Work)
	}
	return work, err
}

func (p *peer) run(r request) (answer, error) {
	work, err := p.workOf(r)
	if err != nil {
		return answer{}, err
	}
	sleepUntil(r.StartAtUs)
	parts := make([]part, len(work))
	var running sync.WaitGroup
	for i, do := range work {
		running.Add(1)
		go func() {
			defer running.Done()
			do(context.Background(), &parts[i])
		}()
	}
	sleepUntil(r.WindowStartUs)
	cpuAtStart := cpuUs()
	sleepUntil(r.WindowEndUs)
	a := answer{Type: "measured", CPUUs: cpuUs() - cpuAtStart}
	running.Wait()
	all := newHistogram()
	for _, own := range parts {
		a.TotalCount += own.totalCount
		a.ErrorCount += own.errorCount
		if a.ErrorText == "" {
			a.ErrorText = own.errorText
		}
		a.Holds = append(a.Holds, own.holds...)
		if own.latencies != nil {
			all.Merge(own.latencies)
		}
	}
	if r.Work == "contend" {
		return a, nil
	}
	a.OperationCount = all.TotalCount()
	encoded, err := all.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	a.ServiceHdr = string(encoded)
	return a, err
}

func (p *peer) handle(r request) (answer, error) {
	switch r.Type {
	case "open":
		p.endpoints = r.Endpoints
		about := fmt.Sprintf("%s, clientv3", runtime.Version())
		return answer{Type: "ready", About: about, ClockUs: monotonicUs()}, nil
	case "prepare":
		return answer{Type: "ready"}, p.prepare(r.Clients, r.TTLSeconds)
	case "run":
		return p.run(r)
	case "close":
		return answer{Type: "ready"}, p.prepare(0, 0)
	}
	return answer{}, fmt.Errorf("unknown request %q", r.Type)
}

func main() {
	var p peer
	out := json.NewEncoder(os.Stdout)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r request
		err := json.Unmarshal(lines.Bytes(), &r)
		var a answer
		if err == nil {
			a, err = p.handle(r)
		}
		if err != nil {
			a = answer{Type: "failed", Reason: err.Error()}
		}
		if err := out.Encode(a); err != nil || r.Type == "close" {
			return
		}
	}
}
