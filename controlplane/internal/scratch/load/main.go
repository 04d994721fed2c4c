package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"
)

func main() {
	rate, secs := 2000, 15
	tr := &http.Transport{MaxIdleConnsPerHost: 512}
	c := &http.Client{Transport: tr}
	var mu sync.Mutex
	var lat []time.Duration
	var bad int
	start := time.Now()
	var wg sync.WaitGroup
	for i := range rate * secs {
		due := start.Add(time.Duration(i) * time.Second / time.Duration(rate))
		time.Sleep(time.Until(due))
		wg.Add(1)
		go func() {
			defer wg.Done()
			r, _ := http.NewRequest("GET", fmt.Sprintf("http://127.0.0.1:28090/v1/directory/lookup?kind=slug&value=tenant-%07d", rand.IntN(1000000)), nil)
			r.Header.Set("Authorization", "Bearer "+os.Args[1])
			resp, err := c.Do(r)
			ok := err == nil && resp.StatusCode == 200
			if err == nil {
				io.Copy(io.Discard, resp.Body)
				resp.Body.Close()
			}
			d := time.Since(due)
			mu.Lock()
			lat = append(lat, d)
			if !ok {
				bad++
			}
			mu.Unlock()
		}()
	}
	wg.Wait()
	slices.Sort(lat)
	fmt.Println("n", len(lat), "bad", bad, "p50", lat[len(lat)/2], "p99", lat[len(lat)*99/100], "max", lat[len(lat)-1])
}
