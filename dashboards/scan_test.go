package dashboards

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/qianshao/qianshao/dashboards/api"
)

// unread is a body that must not be read.
type unread struct{ t *testing.T }

func (u unread) Read([]byte) (int, error) {
	u.t.Error("the body of a scan that is refused is read")
	return 0, io.EOF
}

// TestScansHeld: while eight bodies are held, a ninth is refused without being read; afterwards the
// places are free again.
func TestScansHeld(t *testing.T) {
	t.Parallel()
	o := newOutpost(t, func(opts *Options) {
		opts.Scan = func(context.Context, api.ScanRequest, func(any) error) error { return nil }
	})
	send := func(body io.Reader) *httptest.ResponseRecorder {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://localhost/api/v1/scan", body)
		r.Header.Set("Authorization", "Bearer "+o.visitor.token)
		r.Header.Set("Content-Type", "text/plain")
		w := httptest.NewRecorder()
		o.handler.ServeHTTP(w, r)
		return w
	}
	var all sync.WaitGroup
	var ends []*io.PipeWriter
	for range 8 {
		body, in := io.Pipe()
		ends = append(ends, in)
		all.Go(func() {
			if w := send(body); w.Code != http.StatusOK {
				t.Errorf("a scan that is held: %d %s", w.Code, w.Body)
			}
		})
		if _, err := io.WriteString(in, "a"); err != nil { // it is being read now
			t.Fatal(err)
		}
	}
	if w := send(unread{t}); w.Code != http.StatusTooManyRequests || w.Header().Get("Retry-After") != "5" || !strings.Contains(w.Body.String(), `"busy"`) {
		t.Errorf("a ninth: %d, Retry-After %q: %s", w.Code, w.Header().Get("Retry-After"), w.Body)
	}
	for _, in := range ends {
		in.Close()
	}
	all.Wait()
	if w := send(strings.NewReader("a")); w.Code != http.StatusOK {
		t.Errorf("afterwards: %d %s", w.Code, w.Body)
	}
}
