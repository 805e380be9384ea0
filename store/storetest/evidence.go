package storetest

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/evidence"
)

// linkLength is the length of every record of the tests, in bytes.
const linkLength = 100

// extension continues the chain behind end by n records in a file, each of
// linkLength bytes, all of one capture.
func extension(end evidence.Head, file string, n int) evidence.Extension {
	var x evidence.Extension
	first := end.Seq + 1
	for i := range int64(n) {
		x.Links = append(x.Links, evidence.Link{
			Seq: first + i, Kind: "response", Added: base, File: file, Offset: linkLength * i, Length: linkLength,
			Record: hash('r', first+i), Chain: hash('c', first+i), ID: fmt.Sprintf("<urn:uuid:%d>", first+i), URI: "http://a/" + file,
			Captured: base, MIME: "text/html", Status: 200, Payload: "sha256:00", Capture: first,
		})
	}
	x.Capture = &evidence.Capture{
		ID: first, URL: "http://a/" + file, Captured: base, Seen: base, Fingerprint: hash('f', first),
		Categories: []qianshao.Category{qianshao.Gambling, qianshao.Fraud}, Findings: []string{"0123456789abcdef"}, Records: n, Bytes: int64(n) * linkLength,
	}
	return x
}

func hash(kind rune, n int64) string { return fmt.Sprintf("%c%063d", kind, n) }

func end(t testing.TB, s Store) evidence.End {
	t.Helper()
	e, err := s.EvidenceEnd(t.Context())
	check(t, err)
	return e
}

// extend appends records behind the present end.
func extend(t testing.TB, s Store, file string, n int) evidence.Extension {
	t.Helper()
	head := end(t, s).Head
	x := extension(head, file, n)
	check(t, s.AppendEvidence(t.Context(), head, x))
	return x
}

func links(t testing.TB, s Store) []evidence.Link {
	t.Helper()
	list, err := s.EvidenceLinks(t.Context(), 0, 1000)
	check(t, err)
	return list
}

func captures(t testing.TB, s Store) []evidence.Capture {
	t.Helper()
	list, err := s.EvidenceCaptures(t.Context(), "", 0, 1000)
	check(t, err)
	return list
}

func files(t testing.TB, s Store) []evidence.File {
	t.Helper()
	list, err := s.EvidenceFiles(t.Context())
	check(t, err)
	return list
}

func same(t testing.TB, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func testEvidence(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	same(t, "the end of an empty archive", evidence.End{}, end(t, s))
	if _, ok, err := s.EvidenceCapture(ctx, "http://a/one"); ok || err != nil {
		t.Errorf("an empty archive has a capture: %v, error %v", ok, err)
	}
	one := extend(t, s, "one", 3)
	two := extend(t, s, "two", 2)
	same(t, "end", evidence.End{Head: evidence.Head{Seq: 5, Chain: hash('c', 5), Added: base}, File: "two", Last: 5, Bytes: 2 * linkLength}, end(t, s))
	same(t, "links", append(one.Links, two.Links...), links(t, s))
	same(t, "captures", []evidence.Capture{*one.Capture, *two.Capture}, captures(t, s))
	same(t, "files", []evidence.File{{Name: "one"}, {Name: "two"}}, files(t, s))

	some, err := s.EvidenceLinks(ctx, 2, 2)
	check(t, err)
	same(t, "two links behind the second", []evidence.Link{one.Links[2], two.Links[0]}, some)
	some, err = s.EvidenceFileLinks(ctx, "two")
	check(t, err)
	same(t, "the links of a file", two.Links, some)
	again := extend(t, s, "one", 1) // of the same URL as the first capture
	latest, ok, err := s.EvidenceCapture(ctx, "http://a/one")
	check(t, err)
	same(t, "the latest capture", *again.Capture, latest)
	of, err := s.EvidenceCaptures(ctx, "http://a/one", one.Capture.ID, 10)
	check(t, err)
	if same(t, "the page's captures behind the first", []evidence.Capture{*again.Capture}, of); !ok {
		t.Error("the latest capture is said not to be there")
	}

	for _, at := range []time.Time{base.Add(time.Hour), base} { // an earlier one changes nothing
		check(t, s.SeeEvidence(ctx, "http://a/one", at))
	}
	check(t, s.SeeEvidence(ctx, "http://unknown/", base))
	again.Capture.Seen = base.Add(time.Hour)
	same(t, "captures that were seen again", []evidence.Capture{*one.Capture, *two.Capture, *again.Capture}, captures(t, s))

	check(t, s.SetEvidenceIndex(ctx, "two", 4, "too early")) // the file has a later link
	check(t, s.SetEvidenceIndex(ctx, "two", 5, "sum"))
	same(t, "files", []evidence.File{{Name: "one"}, {Name: "two", Index: "sum"}}, files(t, s))
	extend(t, s, "two", 1)
	same(t, "files whose index is out of date", []evidence.File{{Name: "one"}, {Name: "two"}}, files(t, s))
}

// deletion deletes captures by records in a file.
func deletion(end evidence.Head, file string, captures ...int64) evidence.Extension {
	x := extension(end, file, len(captures))
	x.Capture = nil
	for i, c := range captures {
		x.Links[i].Kind, x.Links[i].Capture = evidence.KindDeletion, 0
		x.Deletions = append(x.Deletions, evidence.Deletion{Capture: c, Seq: x.Links[i].Seq})
	}
	return x
}

func testEvidenceDeleted(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	one, two := extend(t, s, "one", 3), extend(t, s, "two", 2)
	check(t, s.SetEvidenceIndex(ctx, "one", 3, "sum"))
	head := end(t, s).Head
	check(t, s.AppendEvidence(ctx, head, deletion(head, "three", one.Capture.ID)))
	for i := range one.Links {
		one.Links[i].Gone = 6
	}
	one.Capture.Gone = 6
	same(t, "links", append(one.Links, two.Links...), links(t, s)[:5])
	same(t, "captures", []evidence.Capture{*one.Capture, *two.Capture}, captures(t, s))
	same(t, "files", []evidence.File{{Name: "one", Uncut: true}, {Name: "two"}, {Name: "three"}}, files(t, s))
	if _, ok, err := s.EvidenceCapture(ctx, "http://a/one"); ok || err != nil {
		t.Errorf("the latest capture of the page is a deleted one: %v, error %v", ok, err)
	}
	if e := end(t, s); e.Holed || e.Cut != 0 {
		t.Errorf("end %+v", e)
	}
	before := func(l evidence.Link) int64 {
		n, err := s.EvidenceCutBefore(ctx, l)
		check(t, err)
		return n
	}
	if n := before(one.Links[2]); n != 0 {
		t.Errorf("%d bytes are cut before they are", n)
	}
	check(t, s.MarkEvidenceCut(ctx, "one"))
	for i := range one.Links {
		one.Links[i].Cut = true
	}
	same(t, "links", append(one.Links, two.Links...), links(t, s)[:5])
	same(t, "files", []evidence.File{{Name: "one"}, {Name: "two"}, {Name: "three"}}, files(t, s))
	if e := end(t, s); e.Cut != 3 {
		t.Errorf("%d records are cut, want 3", e.Cut)
	}
	if n := before(one.Links[2]); n != 2*linkLength {
		t.Errorf("%d bytes are cut before the third record, want %d", n, 2*linkLength)
	}

	// A capture in the last file: nothing is to be appended to that any more.
	last := extend(t, s, "last", 1)
	head = end(t, s).Head
	x := deletion(head, "last", last.Capture.ID)
	x.Links[0].Offset = linkLength
	check(t, s.AppendEvidence(ctx, head, x))
	if e := end(t, s); !e.Holed || e.File != "last" || e.Bytes != 2*linkLength {
		t.Errorf("end %+v, want a holed file", e)
	}
}

// testEvidenceRefused: an extension that cannot be recorded as a whole leaves nothing.
func testEvidenceRefused(t *testing.T, open Open) {
	s, ctx := open(t), t.Context()
	stale := evidence.Head{}
	one := extend(t, s, "one", 2)
	now := end(t, s)
	forged := now.Head
	forged.Chain = hash('x', 2)
	gap := extension(now.Head, "two", 2)
	gap.Links[1].Seq = 1 // it is there
	repeated := extension(now.Head, "two", 1)
	repeated.Capture.ID = one.Capture.ID
	for name, tc := range map[string]struct {
		after evidence.Head
		x     evidence.Extension
		want  error
	}{
		"a stale end":                      {stale, extension(stale, "two", 1), evidence.ErrEndChanged},
		"another chain":                    {forged, extension(now.Head, "two", 1), evidence.ErrEndChanged},
		"an end that was never reached":    {evidence.Head{Seq: 9, Chain: hash('c', 9)}, extension(evidence.Head{Seq: 9}, "two", 1), evidence.ErrEndChanged},
		"a stale end, and nothing to add":  {stale, evidence.Extension{}, evidence.ErrEndChanged},
		"a link that is there":             {now.Head, gap, nil},
		"a capture that is there":          {now.Head, repeated, nil},
		"the deletion of nothing":          {now.Head, deletion(now.Head, "two", one.Capture.ID, 77), nil},
		"a deletion of one capture, twice": {now.Head, deletion(now.Head, "two", one.Capture.ID, one.Capture.ID), nil},
	} {
		err := s.AppendEvidence(ctx, tc.after, tc.x)
		if err == nil || tc.want != nil && !errors.Is(err, tc.want) || tc.want == nil && errors.Is(err, evidence.ErrEndChanged) {
			t.Errorf("%s: error %v, want %v", name, err, tc.want)
		}
		same(t, name+": end", now, end(t, s))
		same(t, name+": links", one.Links, links(t, s))
		same(t, name+": captures", []evidence.Capture{*one.Capture}, captures(t, s))
		same(t, name+": files", []evidence.File{{Name: "one"}}, files(t, s))
	}
	check(t, s.AppendEvidence(ctx, now.Head, deletion(now.Head, "two", one.Capture.ID)))
	head := end(t, s).Head
	if err := s.AppendEvidence(ctx, head, deletion(head, "two", one.Capture.ID)); err == nil || !strings.Contains(err.Error(), "deleted meanwhile") {
		t.Errorf("deleted again: %v", err)
	}
}

// testEvidenceAtOnce: of all who extend the same end, one succeeds; whoever
// then begins anew gets through in the end.
func testEvidenceAtOnce(t *testing.T, open Open) {
	const workers, each = 6, 5
	s := open(t)
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			for i := 0; i < each; {
				e, err := s.EvidenceEnd(context.Background())
				if err == nil {
					err = s.AppendEvidence(context.Background(), e.Head, extension(e.Head, fmt.Sprintf("%d-%d", w, i), 2))
				}
				switch {
				case err == nil:
					i++
				case !errors.Is(err, evidence.ErrEndChanged):
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	list := links(t, s)
	for i := range list {
		if want := int64(i + 1); list[i].Seq != want || list[i].Capture != want-int64(i%2) {
			t.Fatalf("link %d of capture %d stands at %d", list[i].Seq, list[i].Capture, i)
		}
	}
	if e := end(t, s); len(list) != 2*workers*each || e.Seq != int64(len(list)) || len(captures(t, s)) != workers*each {
		t.Errorf("%d links, end %+v", len(list), e)
	}
}
