// Command crawl is the crawl of docs/performance.md as one would write it with Colly: allowed
// hosts, robots.txt, every link followed, visited URLs kept in memory. Its argument is the address
// of all hosts. Standard input has the seeds, one on each line. It prints the number of pages.
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"

	"github.com/gocolly/colly/v2"
)

// workers is the same number as in TestThroughput.
const workers = 8

func main() {
	seeds, hosts := readSeeds()
	c := colly.NewCollector(colly.Async(true), colly.AllowedDomains(hosts...), colly.UserAgent("colly (+https://colly.example/test)"))
	c.IgnoreRobotsTxt = false
	dialer := &net.Dialer{}
	c.WithTransport(&http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, os.Args[1])
		},
		MaxIdleConns: 200, MaxIdleConnsPerHost: 2,
	})
	if err := c.Limit(&colly.LimitRule{DomainGlob: "*", Parallelism: workers}); err != nil {
		log.Fatal(err)
	}
	var pages atomic.Int64
	c.OnResponse(func(*colly.Response) { pages.Add(1) })
	c.OnHTML("a[href]", func(e *colly.HTMLElement) {
		_ = e.Request.Visit(e.Attr("href")) // fails if it was visited before or is not allowed
	})
	for _, seed := range seeds {
		var known *colly.AlreadyVisitedError // another site has linked to it
		if err := c.Visit(seed); err != nil && !errors.As(err, &known) {
			log.Fatalf("%s: %v", seed, err)
		}
	}
	c.Wait()
	fmt.Println(pages.Load())
}

func readSeeds() (seeds, hosts []string) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		u, err := url.Parse(lines.Text())
		if err != nil {
			log.Fatal(err)
		}
		seeds, hosts = append(seeds, u.String()), append(hosts, u.Hostname())
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
	return seeds, hosts
}
