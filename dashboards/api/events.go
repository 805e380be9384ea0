package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/analyze/mask"
	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/store"
)

// News reports new acts and findings.
type News interface {
	// Now returns the number of the last act and of the last new finding.
	Now(ctx context.Context) (act, finding int64, err error)
	// NewFindings returns the findings made after a Seq, in their order, at most limit.
	NewFindings(ctx context.Context, after int64, limit int) ([]store.NewFinding, error)
	// Findings returns the findings with these ids, without their pages; unknown ids are left out.
	Findings(ctx context.Context, ids []string) (map[string]qianshao.Finding, error)
}

// EventsPath is the path of the stream of events, which is exempt from the time limit of other
// requests.
const EventsPath = Root + "/events"

// Bounds of streams.
const (
	// maxStreams is how many streams may be open at a time, and maxOwnStreams how many of one
	// account: each queries the store every eventsEvery.
	maxStreams    = 64
	maxOwnStreams = 8
	eventsEvery   = time.Second
	// eventsAtOnce is how many events are read at a time.
	eventsAtOnce = 100
	// heartbeat is how long a stream stays silent at most; after longer silences, proxies take it
	// for dead.
	heartbeat = 15 * time.Second
	// writeTime is how long a client may take to receive an event.
	writeTime = 10 * time.Second
)

func (a *API) routeEvents(mux humago.Mux) {
	mux.HandleFunc("GET "+EventsPath, a.serveEvents)
	text := &huma.Schema{Type: huma.TypeString}
	a.huma.OpenAPI().AddOperation(&huma.Operation{
		OperationID: "events", Method: http.MethodGet, Path: EventsPath, Summary: "New findings and acts as they occur (server-sent events)",
		Parameters: []*huma.Param{{Name: "Last-Event-ID", In: "header", Schema: text, Description: "The id of the last event that you have; without it the stream begins now."}},
		Responses: map[string]*huma.Response{"200": {
			Description: `Events "finding" and "act" with JSON, and "gap" where findings were missed`, Content: map[string]*huma.MediaType{"text/event-stream": {Schema: text}},
		}},
	})
}

// streams counts the open streams.
type streams struct {
	mu  sync.Mutex
	all int
	by  map[string]int
}

func (s *streams) open(account string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.all >= maxStreams || s.by[account] >= maxOwnStreams {
		return false
	}
	s.all++
	s.by[account]++
	return true
}

func (s *streams) close(account string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all--
	if s.by[account]--; s.by[account] == 0 {
		delete(s.by, account)
	}
}

// stream is one client's stream, with how far it has been told.
type stream struct {
	api          *API
	out          *http.ResponseController
	w            http.ResponseWriter
	act, finding int64 // the last ones sent
	silent       time.Time
}

func (a *API) serveEvents(w http.ResponseWriter, r *http.Request) {
	ctx, who := r.Context(), auth.From(r.Context())
	s := &stream{api: a, out: http.NewResponseController(w), w: w}
	if err := s.begin(ctx, r.Header.Get("Last-Event-ID")); err != nil {
		a.WriteProblem(w, a.failure(ctx, "event", err))
		return
	}
	if !a.streams.open(who.Name) {
		w.Header().Set("Retry-After", "60")
		a.WriteProblem(w, NewProblem(http.StatusServiceUnavailable, "busy", fmt.Sprintf("there are %d streams already, or %d of your account; close one", maxStreams, maxOwnStreams)))
		return
	}
	defer a.streams.close(who.Name)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")                                // otherwise nginx buffers events
	if err := s.comment("open"); err != nil || r.Method == http.MethodHead { // HEAD has no stream
		return
	}
	if err := s.run(ctx); err != nil && ctx.Err() == nil && !errors.Is(err, store.ErrNotFound) {
		a.opts.Log.WarnContext(ctx, "a stream of events has ended", "error", err)
	}
}

// begin works out where the stream goes on.
func (s *stream) begin(ctx context.Context, last string) (err error) {
	if last == "" {
		s.act, s.finding, err = s.api.opts.News.Now(ctx)
		return err
	}
	if n, err := fmt.Sscanf(last, "%d.%d", &s.act, &s.finding); err != nil || n != 2 || last != s.id() {
		return badParameter("Last-Event-ID must be the id of an event, such as 120.45")
	}
	return nil
}

func (s *stream) id() string { return fmt.Sprintf("%d.%d", s.act, s.finding) }

// run sends events until the client leaves, the process ends, or the account may no longer listen.
func (s *stream) run(ctx context.Context) error {
	tick := time.NewTicker(eventsEvery)
	defer tick.Stop()
	for {
		if err := s.api.opts.Guard.StillIn(ctx); err != nil {
			return err
		}
		if err := errors.Join(s.acts(ctx), s.findings(ctx)); err != nil {
			return err
		}
		if time.Since(s.silent) >= heartbeat {
			if err := s.comment("still here"); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.api.opts.Closing:
			return nil
		case <-tick.C:
		}
	}
}

func (s *stream) acts(ctx context.Context) error {
	list, err := s.api.opts.Desk.Acts(ctx, auth.Acting(ctx), s.act, eventsAtOnce)
	if err != nil {
		return err
	}
	for i := range list {
		s.act = list[i].Seq
		if err := s.event("act", newShown(&list[i])); err != nil {
			return err
		}
	}
	return nil
}

// FoundEvent is a new finding as a stream reports it.
type FoundEvent struct {
	ID            string            `json:"id"`
	URL           string            `json:"url"`
	Authorisation string            `json:"authorisation,omitempty"`
	Rule          string            `json:"rule"`
	Title         string            `json:"title"` // the rule's
	Category      qianshao.Category `json:"category"`
	Level         qianshao.Level    `json:"level"`
	Score         int               `json:"score"`
}

func (s *stream) findings(ctx context.Context) error {
	news, err := s.api.opts.News.NewFindings(ctx, s.finding, eventsAtOnce)
	if err != nil || len(news) == 0 {
		return err
	}
	ids := make([]string, len(news))
	for i := range news {
		ids[i] = news[i].Finding
	}
	found, err := s.api.opts.News.Findings(ctx, ids)
	if err != nil {
		return err
	}
	if missed := news[0].Seq - s.finding - 1; missed > 0 {
		s.finding += missed
		if err := s.event("gap", map[string]int64{"findings": missed}); err != nil {
			return err
		}
	}
	for _, n := range news {
		s.finding = n.Seq
		f, ok := found[n.Finding]
		if !ok || !auth.From(ctx).Sight.Sees(f.Authorisation) {
			continue
		}
		if err := s.event("finding", FoundEvent{
			ID: f.ID, URL: mask.String(f.URL), Authorisation: f.Authorisation, Rule: f.Rule, Title: f.Title, Category: f.Category, Level: f.Level, Score: f.Score,
		}); err != nil {
			return err
		}
	}
	return nil
}

func (s *stream) event(name string, data any) error {
	body, err := json.Marshal(data) // has no line breaks
	if err != nil {
		return err
	}
	return s.write(fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", s.id(), name, body))
}

func (s *stream) comment(text string) error { return s.write(": " + text + "\n\n") }

func (s *stream) write(text string) error {
	s.silent = time.Now()
	// The recorder of a test does not support deadlines.
	if err := s.out.SetWriteDeadline(s.silent.Add(writeTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return err
	}
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.out.Flush()
}
