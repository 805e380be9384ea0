package intake

import "testing"

// TestFromAPI: an origin identifies a network, but not a machine.
func TestFromAPI(t *testing.T) {
	for address, want := range map[string]string{
		"203.0.113.77:4711": "api 203.0.113.0/24", "[::ffff:203.0.113.77]:4711": "api 203.0.113.0/24",
		"[2001:db8:1:2:3:4:5:6]:4711": "api 2001:db8:1::/48", "[fe80::1%eth0]:4711": "api fe80::/48",
		"127.0.0.1:4711": "api", "[::1]:4711": "api", "@": "api", "": "api",
	} {
		if got := FromAPI(address); got != want {
			t.Errorf("%s: %q, want %q", address, got, want)
		}
	}
}
