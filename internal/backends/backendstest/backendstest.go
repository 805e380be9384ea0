// Package backendstest gives tests the servers that several machines share, as .ci/backends starts them.
package backendstest

import (
	"crypto/rand"
	"os"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/evidence/bucket/buckettest"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/store/postgres/postgrestest"
)

// OpenSearch names the variable with the nodes of a cluster, http://127.0.0.1:18840,http://….
const OpenSearch = "QIANSHAO_OPENSEARCH"

// Store returns a database of the test's own in place of a data folder's. Without a server the
// test is skipped.
func Store(t testing.TB) backends.Options {
	t.Helper()
	return backends.Options{Store: backends.Place{Address: postgrestest.DSN(t)}}
}

// All returns a database, a search index and a bucket of the test's own. Without one of the
// servers the test is skipped.
func All(t testing.TB) backends.Options {
	t.Helper()
	nodes := os.Getenv(OpenSearch)
	if nodes == "" {
		t.Skipf("no OpenSearch: set %s to the nodes of a cluster; .ci/backends starts one", OpenSearch)
	}
	all := Store(t)
	all.Index.Address = strings.ReplaceAll(nodes, ",http://", ",") + "/test-" + strings.ToLower(rand.Text())
	all.Evidence.Address = buckettest.S3Location(t)
	return all
}

// Flags are the options of the command line that name them.
func Flags(o backends.Options) (flags []string) {
	for flag, place := range map[string]backends.Place{"--store": o.Store, "--index": o.Index, "--evidence": o.Evidence} {
		if place.Elsewhere() {
			flags = append(flags, flag, place.Address)
		}
	}
	return flags
}
