package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/index/bleveindex"
)

// apiTimeout bounds a search that goes through a running server.
const apiTimeout = 30 * time.Second

// searchCmd searches the index, or asks the running server that has it open.
type searchCmd struct {
	Query    []string `arg:"" optional:"" help:"The query: category:gambling level:>=high host:example.cn hidden:true seen:>2026-11-01 \"注册送\" AND (…) -x"`
	Limit    int      `default:"20" help:"Most hits to show."`
	Offset   int      `default:"0" help:"Hits to pass over."`
	Format   string   `enum:"table,jsonl" default:"table" help:"Output: table, or jsonl."`
	Password string   `help:"Password of the running server." env:"QIANSHAO_PASSWORD" hidden:""`
}

func (c searchCmd) Run(s *session) error {
	query := strings.Join(c.Query, " ")
	node, err := index.Parse(query, time.Now())
	if err != nil {
		return usageError(err)
	}
	results, err := c.search(s, query, node)
	if err != nil {
		return err
	}
	return c.print(s, results)
}

func (c searchCmd) search(s *session, query string, node index.Node) (index.Results, error) {
	ix, err := openIndex(s.data)
	if errors.Is(err, bleveindex.ErrLocked) {
		return c.askServer(s, query)
	}
	if err != nil {
		return index.Results{}, err
	}
	results, err := ix.Search(s.ctx, index.Request{Query: node, Offset: c.Offset, Limit: c.Limit})
	return results, errors.Join(err, ix.Close())
}

// askServer searches through the API of the process that holds the index.
func (c searchCmd) askServer(s *session, query string) (results index.Results, err error) {
	base, err := os.ReadFile(consoleURLPath(s.data))
	if err != nil {
		return results, fmt.Errorf("another process, without a console, has %s open; try again when it is done", s.data)
	}
	values := url.Values{"q": {query}, "limit": {strconv.Itoa(c.Limit)}, "offset": {strconv.Itoa(c.Offset)}}
	request, err := http.NewRequestWithContext(s.ctx, http.MethodGet, string(base)+"api/v1/search?"+values.Encode(), nil)
	if err != nil {
		return results, err
	}
	if c.Password != "" {
		request.SetBasicAuth("cli", c.Password)
	}
	client := http.Client{Timeout: apiTimeout}
	response, err := client.Do(request)
	if err != nil {
		return results, fmt.Errorf("ask the running server: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusUnauthorized {
		return results, errors.New("the running server wants its password: set QIANSHAO_PASSWORD")
	}
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return results, fmt.Errorf("the running server answered %s: %s", response.Status, body)
	}
	err = json.NewDecoder(response.Body).Decode(&results)
	return results, err
}

func (c searchCmd) print(s *session, results index.Results) error {
	if c.Format == "jsonl" {
		encoder := json.NewEncoder(s.out)
		encoder.SetEscapeHTML(false)
		for _, hit := range results.Hits {
			if err := encoder.Encode(hit); err != nil {
				return err
			}
		}
		return nil
	}
	table := newTable(s.out, "LEVEL", "SCORE", "STATE", "CATEGORY", "EVIDENCE", "LAST SEEN", "URL")
	for _, hit := range results.Hits {
		table.row(hit.Level.String(), strconv.Itoa(hit.Score), string(hit.State), string(hit.Category), hit.Evidence, hit.LastSeen.Format(time.DateTime), hit.URL)
	}
	if err := table.flush(); err != nil {
		return err
	}
	fmt.Fprintf(s.err, "%d of %d findings\n", len(results.Hits), results.Total)
	return nil
}
