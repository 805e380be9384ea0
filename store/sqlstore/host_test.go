package sqlstore

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/ingest"
)

// TestUpgradeKnowsHosts: in a folder from before visits of hosts were recorded, not all hosts count as
// unmonitored.
func TestUpgradeKnowsHosts(t *testing.T) {
	path := older(t, 9,
		`INSERT INTO hosts (host, head_due) VALUES ('ok', 9000), ('never', 0), ('refuses', 8000)`,
		`INSERT INTO frontier (url, host, authorisation, depth, visits, skip, due, revisit) VALUES
			('http://ok/', 'ok', 'city', 0, 3, '', 9000, 4000), ('http://ok/dead', 'ok', 'city', 1, 1, 'http_error', 9900, 1000),
			('http://never/', 'never', 'city', 0, 0, '', 0, 0),
			('http://refuses/', 'refuses', 'city', 0, 1, 'http_error', 8000, 4000)`)
	got := map[string]ingest.SilentHost{}
	s := open(t, path)
	for host, err := range s.SilentHosts(t.Context(), time.Unix(6, 0)) {
		if err != nil {
			t.Fatal(err)
		}
		got[host.Host] = host
	}
	second := func(n int64) time.Time { return time.Unix(n, 0).UTC() }
	if diff := cmp.Diff(map[string]ingest.SilentHost{
		"never":   {Host: "never", NextTry: second(0)},
		"refuses": {Host: "refuses", Trouble: qianshao.SkipStatus, NextTry: second(8)},
	}, got); diff != "" {
		t.Errorf("before a visit is late (-want +got):\n%s", diff)
	}
	for host, err := range s.SilentHosts(t.Context(), time.Unix(10, 0)) {
		if err != nil || host.Host == "ok" && !host.LastPage.Equal(second(5)) {
			t.Errorf("%+v, error %v", host, err)
		}
	}
}
