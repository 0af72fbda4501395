// A peer for interoperability tests: etcd's own Go client and its concurrency package, driven by lines of JSON.
//
//	interop ENDPOINT...
//
// Each line of stdin is one command with an id. Each is answered by one line with that id, in the order in which they
// are done; commands run side by side, so one may wait for a lock while others go on. "observe" sends lines with
// "observed" before its answer, and "cancel" ends a command that still runs. The process ends, without any clean-up,
// when stdin does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/client/v3/concurrency"
	"go.etcd.io/etcd/client/v3/namespace"
)

type command struct {
	ID int    `json:"id"`
	Do string `json:"do"`
	// The session that is opened, used or ended.
	Session string `json:"session"`
	// For "session": seconds, a lease to take over (hex), and the prefix of all its keys.
	TTL       int    `json:"ttl"`
	Lease     string `json:"lease"`
	Namespace string `json:"namespace"`
	// The mutex's or the election's, and under which handle it is kept.
	Name   string `json:"name"`
	Handle string `json:"handle"`
	Value  string `json:"value"`
	// For "resume": what a leadership was.
	Key      string `json:"key"`
	Revision int64  `json:"revision"`
	// For "cancel": the id of the command.
	Target int `json:"target"`
}

type leader struct {
	Key            string `json:"key"`
	Value          string `json:"value"`
	CreateRevision int64  `json:"createRevision"`
	ModRevision    int64  `json:"modRevision"`
}

type answer struct {
	ID       int     `json:"id"`
	Error    string  `json:"error,omitempty"`
	Lease    string  `json:"lease,omitempty"`
	Key      string  `json:"key,omitempty"`
	Revision int64   `json:"revision,omitempty"`
	Leader   *leader `json:"leader,omitempty"`
	Observed *leader `json:"observed,omitempty"`
}

type peer struct {
	endpoints []string

	mu        sync.Mutex
	sessions  map[string]*concurrency.Session
	mutexes   map[string]*concurrency.Mutex
	elections map[string]*concurrency.Election
	running   map[int]context.CancelFunc

	out sync.Mutex
}

func main() {
	p := &peer{
		endpoints: os.Args[1:],
		sessions:  map[string]*concurrency.Session{},
		mutexes:   map[string]*concurrency.Mutex{},
		elections: map[string]*concurrency.Election{},
		running:   map[int]context.CancelFunc{},
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var c command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		ctx, cancel := context.WithCancel(context.Background())
		p.mu.Lock()
		p.running[c.ID] = cancel
		p.mu.Unlock()
		go func() {
			defer cancel()
			a, err := p.do(ctx, c)
			p.mu.Lock()
			delete(p.running, c.ID)
			p.mu.Unlock()
			if err != nil {
				a = answer{Error: err.Error()}
			}
			a.ID = c.ID
			p.send(a)
		}()
	}
}

func (p *peer) send(a answer) {
	line, err := json.Marshal(a)
	if err != nil {
		panic(err)
	}
	p.out.Lock()
	defer p.out.Unlock()
	os.Stdout.Write(append(line, '\n'))
}

func (p *peer) do(ctx context.Context, c command) (answer, error) {
	switch c.Do {
	case "session":
		return p.open(c)
	case "cancel":
		p.mu.Lock()
		defer p.mu.Unlock()
		if cancel, ok := p.running[c.Target]; ok {
			cancel()
		}
		return answer{}, nil
	case "unlock":
		m, err := find(p, p.mutexes, c.Handle)
		if err != nil {
			return answer{}, err
		}
		return answer{}, m.Unlock(ctx)
	case "proclaim", "resign":
		e, err := find(p, p.elections, c.Handle)
		if err != nil {
			return answer{}, err
		}
		if c.Do == "resign" {
			err = e.Resign(ctx)
		} else {
			err = e.Proclaim(ctx, c.Value)
		}
		return answer{}, err
	}
	s, err := find(p, p.sessions, c.Session)
	if err != nil {
		return answer{}, err
	}
	switch c.Do {
	case "close":
		return answer{}, s.Close()
	case "orphan":
		s.Orphan()
		return answer{}, nil
	case "done":
		select {
		case <-s.Done():
			return answer{}, nil
		case <-ctx.Done():
			return answer{}, ctx.Err()
		}
	case "lock", "trylock":
		m := concurrency.NewMutex(s, c.Name)
		keep(p, p.mutexes, c.Handle, m)
		if c.Do == "lock" {
			err = m.Lock(ctx)
		} else {
			err = m.TryLock(ctx)
		}
		if err != nil {
			return answer{}, err
		}
		return p.standing(ctx, s, m.Key())
	case "campaign":
		e := concurrency.NewElection(s, c.Name)
		keep(p, p.elections, c.Handle, e)
		if err := e.Campaign(ctx, c.Value); err != nil {
			return answer{}, err
		}
		return answer{Key: e.Key(), Revision: e.Rev()}, nil
	case "resume":
		keep(p, p.elections, c.Handle, concurrency.ResumeElection(s, c.Name, c.Key, c.Revision))
		return answer{}, nil
	case "leader":
		reply, err := concurrency.NewElection(s, c.Name).Leader(ctx)
		if err != nil {
			return answer{}, err
		}
		return answer{Leader: leaderOf(reply)}, nil
	case "observe":
		for reply := range concurrency.NewElection(s, c.Name).Observe(ctx) {
			p.send(answer{ID: c.ID, Observed: leaderOf(&reply)})
		}
		return answer{}, nil
	}
	return answer{}, fmt.Errorf("unknown command %q", c.Do)
}

// Each session has a client of its own, so that each may have a namespace.
func (p *peer) open(c command) (answer, error) {
	client, err := clientv3.New(clientv3.Config{Endpoints: p.endpoints, DialTimeout: 10 * time.Second})
	if err != nil {
		return answer{}, err
	}
	if c.Namespace != "" {
		client.KV = namespace.NewKV(client.KV, c.Namespace)
		client.Watcher = namespace.NewWatcher(client.Watcher, c.Namespace)
		client.Lease = namespace.NewLease(client.Lease, c.Namespace)
	}
	options := []concurrency.SessionOption{concurrency.WithTTL(c.TTL)}
	if c.Lease != "" {
		id, err := strconv.ParseInt(c.Lease, 16, 64)
		if err != nil {
			return answer{}, err
		}
		options = append(options, concurrency.WithLease(clientv3.LeaseID(id)))
	}
	s, err := concurrency.NewSession(client, options...)
	if err != nil {
		return answer{}, err
	}
	keep(p, p.sessions, c.Session, s)
	return answer{Lease: strconv.FormatInt(int64(s.Lease()), 16)}, nil
}

// What etcd knows of a key that holds a lock.
func (p *peer) standing(ctx context.Context, s *concurrency.Session, key string) (answer, error) {
	reply, err := s.Client().Get(ctx, key)
	if err != nil {
		return answer{}, err
	}
	if len(reply.Kvs) == 0 {
		return answer{}, fmt.Errorf("the key %s is gone", key)
	}
	return answer{Key: key, Revision: reply.Kvs[0].CreateRevision}, nil
}

func leaderOf(reply *clientv3.GetResponse) *leader {
	kv := reply.Kvs[0]
	return &leader{string(kv.Key), string(kv.Value), kv.CreateRevision, kv.ModRevision}
}

func keep[T any](p *peer, all map[string]T, name string, what T) {
	p.mu.Lock()
	defer p.mu.Unlock()
	all[name] = what
}

func find[T any](p *peer, all map[string]T, name string) (T, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what, ok := all[name]
	if !ok {
		return what, fmt.Errorf("there is no %q", name)
	}
	return what, nil
}
