package datafolder

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/api"
	"github.com/qianshao/qianshao/index"
	"github.com/qianshao/qianshao/ingest/fetch"
	"github.com/qianshao/qianshao/locales"
	"github.com/qianshao/qianshao/store"
)

// serverTimeout bounds a request to a running server.
const serverTimeout = 30 * time.Second

// searchStep is how many hits are read at a time. More than index.MaxWindow are read page by page.
const searchStep = 2000

// SearchRequest is a search of a data folder that a server may have open.
type SearchRequest struct {
	Folder Options
	Query  string // see index.Parser

	Sort          index.Sort // the order of the hits; the default is index.SortSeen
	Offset, Limit int
	// Step is how many hits are read at a time, at most index.MaxWindow; the default is searchStep.
	Step int
	// Reindexing is called if the index does not match the store and is rebuilt before the search;
	// optional.
	Reindexing Reindexing
}

// Search searches the index of a data folder, through the running server if it has the index open.
// A query that cannot be parsed is an InputError.
func Search(ctx context.Context, r SearchRequest) (found api.Found, err error) {
	parser := index.Parser{Now: time.Now(), Zone: r.Folder.Zone, Canonical: fetch.Canonical}
	query, err := parser.Parse(r.Query)
	if err != nil {
		return found, inputError(err)
	}
	ix, err := r.open(ctx)
	if InUse(err) {
		return r.askServer(ctx)
	}
	if err != nil {
		return found, err
	}
	found, err = r.pages(func(after index.Cursor, offset, limit int) (page api.Found, err error) {
		page.Results, err = ix.Search(ctx, index.Request{Sight: qianshao.SeeAll(), Query: query, Sort: r.Sort, Offset: offset, Limit: limit, After: after, NoFacets: after != ""})
		return page, err
	})
	found.Suggest(parser, r.Query)
	return found, errors.Join(err, ix.Close())
}

// pages reads pages until there are enough hits. Everything else in the answer is from the first
// page.
func (r SearchRequest) pages(page func(after index.Cursor, offset, limit int) (api.Found, error)) (found api.Found, err error) {
	step := cmp.Or(r.Step, searchStep)
	if r.Offset > index.MaxWindow-step { // too large an offset for any engine: the hits before it are read and dropped
		drop := r.Offset
		r.Offset, r.Limit = 0, drop+r.Limit
		found, err = r.pages(page)
		found.Hits = found.Hits[min(drop, len(found.Hits)):]
		return found, err
	}
	found, err = page("", r.Offset, min(r.Limit, step))
	for next := found.Next; err == nil && next != "" && len(found.Hits) < r.Limit; {
		var more api.Found
		more, err = page(next, 0, min(r.Limit-len(found.Hits), step))
		found.Hits = append(found.Hits, more.Hits...)
		next = more.Next
	}
	return found, err
}

// open opens the index, and updates it from the store.
func (r SearchRequest) open(ctx context.Context) (index.Index, error) {
	if err := r.Folder.NeedStore(); err != nil {
		return nil, err
	}
	ix, err := r.Folder.openIndex(false, r.Reindexing)
	if err != nil && !mustRebuild(err) {
		return ix, err
	}
	db, err := r.Folder.openStore(ctx)
	if err != nil {
		if ix != nil {
			err = errors.Join(err, ix.Close())
		}
		return nil, err
	}
	if err = r.Folder.keepPlaces(ctx, db, false, store.PartIndex); err == nil {
		ix, err = r.Folder.matchIndex(ctx, ix, db, r.Reindexing)
	}
	if err == nil {
		_, err = settleIndex(ctx, ix, db)
	}
	if err = errors.Join(err, db.Close()); err != nil && ix != nil {
		return nil, errors.Join(err, ix.Close())
	}
	return ix, err
}

// askServer searches through the API of the process that has the index open.
func (r SearchRequest) askServer(ctx context.Context) (found api.Found, err error) {
	base, token, err := RunningConsole(r.Folder.Data)
	if err != nil {
		return found, locales.Errorf("data.busy", r.Folder.Data)
	}
	client := serverClient()
	defer client.CloseIdleConnections()
	if _, err := health(ctx, client, r.Folder.Data, base); err != nil { // before the token is sent
		return found, err
	}
	return r.pages(func(after index.Cursor, offset, limit int) (page api.Found, err error) {
		values := url.Values{"q": {r.Query}, "sort": {string(r.Sort)}, "limit": {strconv.Itoa(limit)}, "offset": {strconv.Itoa(offset)}}
		if after != "" {
			values.Set("after", string(after))
		}
		err = ask(ctx, client, base+"api/v1/search?"+values.Encode(), token, func(body io.Reader) error { return json.NewDecoder(body).Decode(&page) })
		return page, err
	})
}

// CheckHealth asks the server that runs on a data folder whether its store and its index work.
func CheckHealth(ctx context.Context, data string) error {
	base, _, err := RunningConsole(data)
	if errors.Is(err, fs.ErrNotExist) {
		return locales.Errorf("data.no_server", data)
	}
	if err != nil {
		return err
	}
	client := serverClient()
	defer client.CloseIdleConnections()
	part, err := health(ctx, client, data, base)
	switch {
	case err != nil:
		return err
	case part == api.HealthStore:
		return locales.Errorf("data.store_silent", base)
	case part == api.HealthIndex:
		return locales.Errorf("data.index_silent", base)
	}
	return nil
}

// health asks a server for its health: api.HealthOK, or the part that does not answer. The file with
// the server's address stays behind if the server is killed, and another program may listen there by
// now. So no token is sent, and only the answer of our own server is accepted.
func health(ctx context.Context, client *http.Client, data, base string) (string, error) {
	response, err := get(ctx, client, base+"healthz", "")
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	switch part := response.Header.Get(api.HealthHeader); part {
	case api.HealthOK, api.HealthStore, api.HealthIndex:
		return part, nil
	}
	return "", locales.Errorf("data.not_ours", base, ConsolePath(data), response.Status)
}

// serverClient returns a client for a server on this machine. It uses no proxy and follows no redirect.
func serverClient() *http.Client {
	return &http.Client{
		Timeout: serverTimeout, Transport: &http.Transport{},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// get sends a request to a running server, with the token unless that is "".
func get(ctx context.Context, client *http.Client, url, token string) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return nil, locales.Errorf("data.no_answer", request.URL.Host)
	case err != nil:
		return nil, locales.Errorf("data.ask_server", err)
	}
	return response, nil
}

// ask sends a request to a running server, and passes its answer to read.
func ask(ctx context.Context, client *http.Client, url, token string, read func(io.Reader) error) error {
	response, err := get(ctx, client, url, token)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		body, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return locales.Errorf("data.server_answered", response.Status, body)
	}
	return read(response.Body)
}

// RunningConsole returns the URL of the console that runs on a data folder, and a token that
// permits reading; fs.ErrNotExist if there is none.
func RunningConsole(data string) (address, token string, err error) {
	content, err := os.ReadFile(ConsolePath(data))
	if err != nil {
		return "", "", err
	}
	address, token, _ = strings.Cut(strings.TrimSpace(string(content)), "\n")
	if u, err := url.Parse(address); err != nil || u.Scheme != "http" || u.Host == "" {
		return "", "", locales.Errorf("data.no_address", ConsolePath(data))
	}
	return address, token, nil
}

// ConsolePath is the file with the URL of a running server's console, through which a search can
// use the API while the index is locked.
func ConsolePath(data string) string { return filepath.Join(data, "console.url") }
