// Go's pgx with its pool, as a service in Go would use it.
//
//	bench_pgx --dsn DSN [--callers N] [--connections N] [...]
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v4/pgxpool"
)

func fail(err error) {
	fmt.Fprintln(os.Stderr, "bench_pgx:", err)
	os.Exit(1)
}

func main() {
	dsn := flag.String("dsn", "", "")
	schema := flag.String("schema", "plain", "")
	callers := flag.Int("callers", 1, "")
	connections := flag.Int("connections", 4, "")
	warmup := flag.Float64("warmup", 0.5, "")
	seconds := flag.Float64("seconds", 1, "")
	conversations := flag.Int("conversations", 1000, "")
	flag.Parse()

	config, err := pgxpool.ParseConfig(*dsn)
	if err != nil {
		fail(err)
	}
	config.MaxConns = int32(*connections)
	config.MinConns = config.MaxConns
	pool, err := pgxpool.ConnectConfig(context.Background(), config)
	if err != nil {
		fail(err)
	}
	sql := "insert into " + *schema + ".messages (conversation_id, role, content) values ($1, $2, $3)"
	content := strings.Repeat("The relay of the kettle has clicked 41 times since Tuesday; ", 4)[:200]

	begin := time.Now().Add(time.Duration(*warmup * float64(time.Second)))
	end := begin.Add(time.Duration(*seconds * float64(time.Second)))
	latencies := make([][]float64, *callers)
	var running sync.WaitGroup
	for caller := 0; caller < *callers; caller++ {
		running.Add(1)
		go func(caller int) {
			defer running.Done()
			random := rand.New(rand.NewSource(int64(caller)))
			for started := time.Now(); started.Before(end); {
				id := fmt.Sprintf("00000000-0000-0000-0000-%012d", 1+random.Intn(*conversations))
				if _, err := pool.Exec(context.Background(), sql, id, "user", content); err != nil {
					fail(err)
				}
				done := time.Now()
				if !done.Before(begin) && done.Before(end) {
					latencies[caller] = append(latencies[caller], float64(done.Sub(started).Nanoseconds())/1000)
				}
				started = done
			}
		}(caller)
	}
	running.Wait()

	var all []float64
	for _, mine := range latencies {
		all = append(all, mine...)
	}
	sort.Float64s(all)
	at := func(quantile float64) float64 {
		if len(all) == 0 {
			return 0
		}
		return all[int(math.Max(math.Ceil(quantile*float64(len(all))), 1))-1]
	}
	line, _ := json.Marshal(map[string]float64{
		"per_second": float64(len(all)) / *seconds, "calls": float64(len(all)),
		"p50_us": at(0.5), "p99_us": at(0.99), "max_us": at(1)})
	fmt.Println(string(line))
}
