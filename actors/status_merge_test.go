package actors

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestMergeStatus(t *testing.T) {
	usage := Usage{Told: 3, Memory: 7, Waiting: 2}
	s := Snapshot{
		At: time.Unix(1, 0), Master: MasterStatus{OSPID: 1},
		Lives: map[string]WorkerStatus{
			"a/1#2":   {State: StateReady, Age: 5, Usage: usage},
			"a/2#1":   {State: StateStopping, Age: 6},
			"b/10#1":  {State: StateReady},
			"b/2#3":   {State: StateStarting},
			"b/2#2":   {State: StateStopping},
			"rubbish": {},
		},
		Held: map[string]int{"a": 1, "a/3": 4, "b/2": 5},
	}
	long := strings.Repeat("x", 3000)
	groups := []groupAnswer{
		{info: ChildInfo{ID: "group a", State: StateReady, Uptime: 9, Restarts: 2, LastReason: "before"}, reply: &Children{
			Strategy: OneForAll, RestartsLeft: 4, Children: []ChildInfo{
				{ID: "a/1", State: StateReady, Worker: "a/1#2", OSPID: 11, Uptime: 8, Restarts: 1, LastReason: long},
				{ID: "a/2", State: StateReady, Worker: "a/2#1", OSPID: 12},
				{ID: "a/3", State: StateRestarting},
				{ID: "a/4", State: StateReady, Worker: "a/4#1", OSPID: 14}, // its link has just broken
			},
		}},
		{info: ChildInfo{ID: "group b", State: StateStopping}, err: errors.New("no answer")},
		{info: ChildInfo{ID: "group c", State: StateStopped}},
	}
	r := &round{groups: groups, jobs: map[string]*JobsReport{"a": {Done: 3}}, cache: &CacheStatus{Workers: 2}, broker: &BrokerStats{Processes: []ProcessStats{{Process: "a/1#2"}}}, err: errors.New("late")}
	want := &ClusterStatus{At: time.Unix(1, 0), Master: MasterStatus{OSPID: 1}, Groups: []GroupStatus{
		{Name: "a", State: StateReady, Strategy: OneForAll, Uptime: 9, Restarts: 2, RestartsLeft: 4, LastReason: "before", Held: 1, Jobs: &JobsReport{Done: 3}, Workers: []WorkerStatus{
			{Slot: "a/1", State: StateReady, Worker: "a/1#2", OSPID: 11, Uptime: 8, Restarts: 1, LastReason: strings.Repeat("x", 1024) + " …", Age: 5, Usage: usage},
			{Slot: "a/2", State: StateStopping, Worker: "a/2#1", OSPID: 12, Age: 6},
			{Slot: "a/3", State: StateRestarting, Held: 4},
			{Slot: "a/4", State: StateReady, Worker: "a/4#1", OSPID: 14},
		}},
		{Name: "b", State: StateStopping, Err: "no answer", Workers: []WorkerStatus{
			{Slot: "b/2", State: StateStopping, Worker: "b/2#2", Held: 5},
			{Slot: "b/2", State: StateStarting, Worker: "b/2#3", Held: 5},
			{Slot: "b/10", State: StateReady, Worker: "b/10#1"},
		}},
		{Name: "c", State: StateStopped},
	}, Cache: &CacheStatus{Workers: 2}, Broker: &BrokerStats{Processes: []ProcessStats{{Process: "a/1#2"}}}, Err: "late"}
	got := r.status(s)
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	got.Cache.Workers++
	got.Broker.Processes[0].Topics++
	got.Groups[0].Jobs.Done++
	if r.cache.Workers != 2 || r.broker.Processes[0].Topics != 0 || r.jobs["a"].Done != 3 {
		t.Error("whoever gets it can change what others get")
	}
}

func TestStatusAsText(t *testing.T) {
	s := &ClusterStatus{
		Master: MasterStatus{OSPID: 4711, CPU: 0.031, Usage: Usage{Up: 3*time.Minute + 200*time.Millisecond, Memory: 12 << 20, Heap: 3 << 20, Goroutines: 40}},
		Groups: []GroupStatus{
			{Name: "a", State: StateReady, Workers: []WorkerStatus{
				{Slot: "a/1", State: StateReady, Worker: "a/1#4", OSPID: 4712, Uptime: 2500 * time.Microsecond, Restarts: 3, LastReason: "exit\x1bcode 7\nand more",
					Usage: Usage{Told: 1, Memory: 8 << 20, Heap: 1 << 19, Goroutines: 9, Waiting: 12}, Rates: Rates{In: 1234.4, Out: 0.6, CPU: 1.5}},
				{Slot: "a/2", State: StateRestarting},
			}},
			{Name: "b", State: StateStopped, Restarts: 1, LastReason: "gave up"},
			{Name: "c", State: StateReady, Err: "no answer", Jobs: &JobsReport{Queued: 1, Delayed: 2, Held: 3, Quarantined: 4, Done: 5, Paused: true}},
		},
	}
	want := []string{
		"worker state pid up cpu rss heap goroutines waiting in/s out/s restarts last",
		"master ready 4711 3m0s 3.1% 12.0 MiB 3.0 MiB 40 0",
		"a/1#4 ready 4712 3ms 150.0% 8.0 MiB 0.5 MiB 9 12 1234 1 3 exit code 7 …",
		"a/2 restarting 0s 0",
		"group b stopped 1 gave up",
		"group c ready 0 no answer",
		"jobs of c: 1 queued, 2 delayed, 3 held by workers, 4 in quarantine, 5 done, paused",
	}
	lines := strings.Split(strings.TrimSpace(s.String()), "\n")
	for i := range lines {
		lines[i] = strings.Join(strings.Fields(lines[i]), " ")
	}
	if !reflect.DeepEqual(lines, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(lines, "\n"), strings.Join(want, "\n"))
	}
}
