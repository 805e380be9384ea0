package opensearchindex

import (
	"reflect"
	"strings"
	"testing"
)

func TestParseAddress(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]Options{
		"https://a.example":                                               {Nodes: []string{"https://a.example:9200"}},
		"http://127.0.0.1:18840/findings":                                 {Nodes: []string{"http://127.0.0.1:18840"}, Name: "findings"},
		"https://q@a.example:9200,https://q@b.example:1/x?shards=6":       {Nodes: []string{"https://a.example:9200", "https://b.example:1"}, User: "q", Name: "x", Shards: 6},
		"https://a%40b@[::1]:9200/qianshao-2/?replicas=2&shards=1":        {Nodes: []string{"https://[::1]:9200"}, User: "a@b", Name: "qianshao-2", Shards: 1, Replicas: 2},
		"https://a.example/,https://b.example/" + strings.Repeat("a", 99): {Nodes: []string{"https://a.example:9200", "https://b.example:9200"}, Name: strings.Repeat("a", 99)},
		"https://q@a.example:9200,b.example:1,c.example/x":                {Nodes: []string{"https://a.example:9200", "https://b.example:1", "https://c.example:9200"}, User: "q", Name: "x"},
		"http://127.0.0.1:1,127.0.0.1:2":                                  {Nodes: []string{"http://127.0.0.1:1", "http://127.0.0.1:2"}},
	} {
		if got, err := ParseAddress(address); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %+v, %v; want %+v", address, got, err, want)
		}
	}
	for address, says := range map[string]string{
		"":                                   "https://host:9200",
		"a.example:9200":                     "https://host:9200",
		"ftp://a.example":                    "https://host:9200",
		"https:///name":                      "https://host:9200",
		"https://u:hunter2@a.example":        "put the password into a file",
		"https://u@a.example,https://b":      "different users",
		"https://a.example/Name":             "cannot be the name of an index",
		"https://a.example/a/b":              "cannot be the name of an index",
		"https://a.example/_all":             "cannot be the name of an index",
		"https://a.example/x@y":              "cannot be the name of an index",
		"https://a.example/*":                "cannot be the name of an index",
		"https://a.example/x?shards=0":       "shards must be from 1 to 64",
		"https://a.example/x?replicas=x":     "replicas must be from 1 to 8",
		"https://a.example/x?shard=3":        `there is no "shard"`,
		"https://a.example/x,https://b/y":    "https://host:9200",
		"https://u:hunter2@a.example:port/x": "cannot be read",
	} {
		_, err := ParseAddress(address)
		if err == nil || !strings.Contains(err.Error(), says) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want an error with %q and no secret", address, err, says)
		}
	}
}
