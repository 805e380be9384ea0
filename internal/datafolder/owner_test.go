package datafolder_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/internal/backends"
	"github.com/qianshao/qianshao/internal/backends/backendstest"
	"github.com/qianshao/qianshao/internal/datafolder"
)

// TestIndexOfAnotherStore: an index on a cluster belongs to one store. Another store can neither
// search nor rebuild it, and its owner still finds what it had.
func TestIndexOfAnotherStore(t *testing.T) {
	t.Parallel()
	address, _ := cluster(t)
	name := address[strings.LastIndex(address, "/")+1:]
	mine := datafolder.Options{Data: foundFolder(t), Backends: backends.Options{Index: backends.Place{Address: address}}}
	if _, err := datafolder.Reindex(t.Context(), mine, nil); err != nil {
		t.Fatal(err)
	}
	theirs := mine
	theirs.Data = t.TempDir()
	_, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: theirs, Limit: 1})
	refused(t, err, "there is no database in "+theirs.Data)
	for what, try := range map[string]func() error{
		"start": func() error { return run(t, theirs) },
		"search": func() error {
			_, err := datafolder.Search(t.Context(), datafolder.SearchRequest{Folder: theirs, Limit: 1})
			return err
		},
		"reindex": func() error {
			_, err := datafolder.Reindex(t.Context(), theirs, nil)
			return err
		},
	} {
		if f, err := datafolder.Open(t.Context(), datafolder.Options{Data: theirs.Data}); err != nil { // creates a database
			t.Fatal(err)
		} else if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		if err := try(); err == nil || !strings.Contains(err.Error(), "belongs to another store: give another name") || !strings.Contains(err.Error(), "DELETE /"+name) {
			t.Errorf("%s: %v", what, err)
		}
	}
	works(t, mine)
}

// TestEvidenceOfAnotherStore: a folder or a bucket with evidence belongs to one store, and to its copy.
// Evidence without an owner is taken over by the first store that opens it.
func TestEvidenceOfAnotherStore(t *testing.T) {
	t.Parallel()
	shared := t.TempDir()
	if err := os.WriteFile(filepath.Join(shared, bucket.Owner), []byte("as after a crash"), 0o600); err != nil {
		t.Fatal(err)
	}
	evidence := backends.Options{Evidence: backends.Place{Address: shared}}
	mine, theirs := datafolder.Options{Data: t.TempDir(), Backends: evidence}, datafolder.Options{Data: t.TempDir(), Backends: evidence}
	for range 2 {
		if err := run(t, mine); err != nil {
			t.Fatal(err)
		}
	}
	says := shared + ": the evidence of another store is kept here; name another prefix or folder; if that store is given up, delete " + bucket.Owner
	refused(t, run(t, theirs), says)
	_, err := datafolder.Open(t.Context(), theirs)
	refused(t, err, says)
	theirs.Moved = true
	_, err = datafolder.Open(t.Context(), theirs)
	refused(t, err, says)
	if err := os.Remove(filepath.Join(shared, bucket.Owner)); err != nil {
		t.Fatal(err)
	}
	theirs.Moved = false
	if err := run(t, theirs); err != nil {
		t.Error(err)
	}
	refused(t, run(t, mine), says)
}

// TestMigrateKeepsParts: a store that moves while its evidence stays in place continues with it. If
// everything is new, it is a separate store, and its source keeps what it had.
func TestMigrateKeepsParts(t *testing.T) {
	t.Parallel()
	evidence := backends.Options{Evidence: backends.Place{Address: t.TempDir()}}
	first := datafolder.Options{Data: filepath.Join(t.TempDir(), "first"), Backends: evidence}
	if _, err := migrate(t, datafolder.Options{Data: foundFolder(t)}, first); err != nil {
		t.Fatal(err)
	}
	works(t, first)
	second := datafolder.Options{Data: filepath.Join(t.TempDir(), "second"), Backends: evidence}
	if _, err := migrate(t, first, second); err != nil {
		t.Fatal(err)
	}
	works(t, second)
	third := datafolder.Options{Data: filepath.Join(t.TempDir(), "third"), Backends: backends.Options{Evidence: backends.Place{Address: t.TempDir()}}}
	if _, err := migrate(t, second, third); err != nil {
		t.Fatal(err)
	}
	works(t, third)
	third.Backends, third.Moved = evidence, true
	_, err := datafolder.Open(t.Context(), third)
	refused(t, err, "the evidence of another store")
}

// TestNothingMadeInVain: if a bucket is missing, no index is created. A process without --index is
// told which one the others use.
func TestNothingMadeInVain(t *testing.T) {
	t.Parallel()
	all := backendstest.All(t)
	opts := datafolder.Options{Data: t.TempDir(), Backends: all}
	opts.Backends.Evidence.Address = strings.Replace(all.Evidence.Address, "s3://", "s3://no-such-", 1)
	if err := run(t, opts); err == nil || !strings.Contains(err.Error(), "there is no such bucket") {
		t.Errorf("%v", err)
	}
	if indexThere(t, all.Index.Address) {
		t.Error("the index was created")
	}
	opts.Backends = all
	if err := run(t, opts); err != nil {
		t.Fatal(err)
	}
	if !indexThere(t, all.Index.Address) {
		t.Error("there is no index")
	}
	opts.Backends.Index = backends.Place{}
	refused(t, run(t, opts), "name the same --index everywhere, which is "+all.Index.Address+" for the others")
}

// indexThere asks a cluster whether it has an index.
func indexThere(t *testing.T, address string) bool {
	t.Helper()
	node, _, _ := strings.Cut(address, ",")
	response, err := http.Head(node + address[strings.LastIndex(address, "/"):]) //nolint:noctx // in a test
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK
}
