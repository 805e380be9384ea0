package sites

import (
	"context"
	"sync"
	"time"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/dashboards/page"
)

// endingTime is how long the list of authorisations that end soon is reused, since every page shows
// its length.
const endingTime = time.Minute

// ending caches the ids of the authorisations that end soon.
type ending struct {
	mu  sync.Mutex
	at  time.Time
	ids []string
}

// Ending returns how many authorisations end soon, of those that the request's account sees; the
// number may be a minute old. It is used as page.Options.Ending.
func (s *Sites) Ending(ctx context.Context) (int, error) {
	ids, err := s.endingIDs(ctx)
	sight, n := auth.From(ctx).Sight, 0
	for _, id := range ids {
		if sight.Sees(id) {
			n++
		}
	}
	return n, err
}

func (s *Sites) endingIDs(ctx context.Context) ([]string, error) {
	s.ending.mu.Lock()
	defer s.ending.mu.Unlock()
	now := s.Now()
	if age := now.Sub(s.ending.at); age >= 0 && age < endingTime {
		return s.ending.ids, nil
	}
	list, err := s.opts.Store.Authorisations(ctx)
	if err != nil {
		return nil, err
	}
	s.ending.at, s.ending.ids = now, nil
	for i := range list {
		if e := (entry{page.NewAuthorisation(list[i], now)}); e.Stands() == "ending" {
			s.ending.ids = append(s.ending.ids, e.ID)
		}
	}
	return s.ending.ids, nil
}
