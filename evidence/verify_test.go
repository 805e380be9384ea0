package evidence_test

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/gzip"

	"github.com/qianshao/qianshao/evidence"
)

// edit changes a file as somebody would who is not supposed to.
func edit(t *testing.T, name string, change func([]byte) []byte) {
	t.Helper()
	file, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, change(file), 0o600); err != nil {
		t.Fatal(err)
	}
}

// execute changes the database behind the program's back.
func execute(t *testing.T, a archive, statements ...string) {
	t.Helper()
	db, err := sql.Open("sqlite", a.db)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatal(err)
		}
	}
}

// TestTampering: whatever is done to files or database is told, with its place.
func TestTampering(t *testing.T) {
	const files = 3 // of 17 to 34 records
	type attack struct {
		name string
		do   func(t *testing.T, a archive, links []evidence.Link)
		want string // in the first problem; formatted with the place of record 5
	}
	file := func(a archive, l evidence.Link) string { return filepath.Join(a.folder, l.File) }
	for _, tc := range []attack{
		{"a byte of a record", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { b[links[4].Offset+links[4].Length/2] ^= 1; return b })
		}, "record 5: urn:findings:http://a.example/0: the record's bytes were changed"},
		{"the first byte of a file", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[0]), func(b []byte) []byte { b[0] ^= 1; return b })
		}, "byte 0: record 1: the record's bytes were changed"},
		{"the compression of a record", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { b[links[4].Offset+9] ^= 1; return b }) // the header's operating system
		}, "record 5"},
		{"a record taken out", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte {
				return append(b[:links[4].Offset:links[4].Offset], b[links[5].Offset:]...)
			})
		}, "record 5"},
		{"the last record taken out", func(t *testing.T, a archive, links []evidence.Link) {
			last := links[len(links)-1]
			edit(t, file(a, last), func(b []byte) []byte { return b[:last.Offset] })
		}, "the file ends at byte"},
		{"two records exchanged", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte {
				x, y, z := links[3].Offset, links[4].Offset, links[5].Offset
				return bytes.Join([][]byte{b[:x], b[y:z], b[x:y], b[z:]}, nil)
			})
		}, "record 4"},
		{"a file cut", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { return b[:links[4].Offset+10] })
		}, "record 5: urn:findings:http://a.example/0: the file ends at byte"},
		{"a file emptied", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { return nil })
		}, "the file ends at byte 0"},
		{"rubbish appended to a full file", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { return append(b, 'x') })
		}, "1 bytes were appended"},
		{"a record appended to the last file", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[len(links)-1]), func(b []byte) []byte {
				var member bytes.Buffer
				w := gzip.NewWriter(&member)
				fmt.Fprint(w, "WARC/1.1\r\nWARC-Type: metadata\r\nContent-Length: 0\r\n\r\n\r\n\r\n")
				_ = w.Close()
				return append(b, member.Bytes()...)
			})
		}, "bytes were appended"},
		{"a file removed", func(t *testing.T, a archive, links []evidence.Link) {
			if err := os.Remove(file(a, links[4])); err != nil {
				t.Fatal(err)
			}
		}, "the file is missing"},
		{"the folder removed", func(t *testing.T, a archive, _ []evidence.Link) {
			if err := os.RemoveAll(a.folder); err != nil {
				t.Fatal(err)
			}
		}, "the file is missing"},
		{"a file added", func(t *testing.T, a archive, _ []evidence.Link) {
			if err := os.WriteFile(filepath.Join(a.folder, "qianshao-000000000002.warc.gz"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "qianshao-000000000002.warc.gz, byte 0: the file is not of this archive"},
		{"two files exchanged", func(t *testing.T, a archive, links []evidence.Link) {
			one, two := file(a, links[0]), file(a, links[len(links)-1])
			for _, step := range [][2]string{{one, one + "x"}, {two, one}, {one + "x", two}} {
				if err := os.Rename(step[0], step[1]); err != nil {
					t.Fatal(err)
				}
			}
		}, "the record's bytes were changed"},
		{"an index changed", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, strings.TrimSuffix(file(a, links[0]), ".warc.gz")+".cdxj", func(b []byte) []byte { return b[1:] })
		}, "the index was changed"},
		{"an index removed", func(t *testing.T, a archive, links []evidence.Link) {
			if err := os.Remove(strings.TrimSuffix(file(a, links[0]), ".warc.gz") + ".cdxj"); err != nil {
				t.Fatal(err)
			}
		}, "the index is missing"},
		{"a link removed", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `DELETE FROM evidence_links WHERE seq = 5`)
		}, "record 5: the links 5 to 5 are missing"},
		{"the last links removed", func(t *testing.T, a archive, links []evidence.Link) {
			execute(t, a, fmt.Sprintf(`DELETE FROM evidence_links WHERE seq > %d`, len(links)-2))
		}, "bytes were appended"},
		{"a link added behind the head", func(t *testing.T, a archive, links []evidence.Link) {
			execute(t, a, fmt.Sprintf(`UPDATE evidence_head SET seq = %d, chain = '%s'`, len(links)-4, links[len(links)-5].Chain))
		}, "the chain ends with record"},
		{"all links removed", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `DELETE FROM evidence_links`)
		}, "the chain ends with record 0"},
		{"a record's time", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET added = added + 1000 WHERE seq = 5`)
		}, "record 5: urn:findings:http://a.example/0: the chain is broken"},
		{"a record's hash with its bytes", func(t *testing.T, a archive, links []evidence.Link) {
			execute(t, a, fmt.Sprintf(`UPDATE evidence_links SET record = '%064d' WHERE seq = 5`, 0))
		}, "record 5: urn:findings:http://a.example/0: the chain is broken"},
		{"two links exchanged", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET seq = -5 WHERE seq = 5`, `UPDATE evidence_links SET seq = 5 WHERE seq = 6`, `UPDATE evidence_links SET seq = 6 WHERE seq = -5`)
		}, "record 5"},
		{"a record's description", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET uri = 'http://b.example/' WHERE seq = 4`)
		}, "the database describes another record"},
		{"a deletion pretended", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET gone = 7 WHERE seq = 5`)
		}, "there is no deletion 7"},
		{"the head", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, fmt.Sprintf(`UPDATE evidence_head SET chain = '%064d'`, 0))
		}, "the head is"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := temp(t, 4000)
			for i := range 8 {
				a.add(t, item(i, strings.Repeat(fmt.Sprint(i), 50)))
			}
			if err := a.WriteIndexes(t.Context()); err != nil {
				t.Fatal(err)
			}
			if v := a.sound(t); v.Files < files {
				t.Fatalf("verified %+v", v)
			}
			links, err := a.store.EvidenceLinks(t.Context(), 0, 1000)
			if err != nil {
				t.Fatal(err)
			}
			tc.do(t, a, links)
			list, v := a.problems(t, evidence.Head{})
			if len(list) == 0 || v.Problems != len(list) || !strings.Contains(list[0], tc.want) {
				t.Errorf("%d problems, want %q in the first:\n%s", v.Problems, tc.want, strings.Join(list, "\n"))
			}
		})
	}
}

// TestVerifyBesideAdd: pages that come in while the archive is verified are no
// problems: neither their links, nor the files that are begun for them.
func TestVerifyBesideAdd(t *testing.T) {
	a := temp(t, 4000) // a new file every few pages
	var adding sync.WaitGroup
	adding.Go(func() {
		for i := range 40 {
			if _, err := a.Add(context.Background(), item(i, "x")); err != nil {
				t.Error(err)
			}
		}
	})
	defer adding.Wait()
	added := make(chan struct{})
	go func() { adding.Wait(); close(added) }()
	for n := 0; ; n++ {
		a.sound(t)
		select {
		case <-added:
			if v := a.sound(t); v.Files < 5 || n < 2 {
				t.Errorf("verified %d times, at last %+v", n, v)
			}
			return
		default:
		}
	}
}

// TestVerifyWithoutLock: where the lock cannot be had, Verify tells what it sees,
// and that it had no lock.
func TestVerifyWithoutLock(t *testing.T) {
	a := temp(t, 0)
	a.add(t, item(1, "x"))
	edit(t, a.files(t)[0], func(b []byte) []byte { return append(b, 'x') })
	lock := filepath.Join(a.folder, "archive.lock")
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(lock, 0o700); err != nil { // not even root can lock it as a file
		t.Fatal(err)
	}
	list, v := a.problems(t, evidence.Head{})
	if len(list) != 1 || !strings.Contains(list[0], "1 bytes were appended") || v.Unlocked == nil {
		t.Errorf("verified %+v, problems %q", v, list)
	}
}

// TestEveryByte: no single byte of the archive can be changed unnoticed, the
// gzip headers' included. Every seventh is tried.
func TestEveryByte(t *testing.T) {
	a := temp(t, 0)
	a.add(t, item(1, "x"))
	name := a.files(t)[0]
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < int(info.Size()); at += 7 {
		flip := func(b []byte) []byte { b[at] ^= 0x10; return b }
		edit(t, name, flip)
		if list, _ := a.problems(t, evidence.Head{}); len(list) == 0 {
			t.Errorf("byte %d was changed and nobody noticed", at)
		}
		edit(t, name, flip)
	}
	a.sound(t)
}

// TestHead: who can write files and database writes a whole new archive; a head
// that was kept elsewhere tells.
func TestHead(t *testing.T) {
	a := temp(t, 0)
	a.add(t, item(1, "x"))
	end, err := a.store.EvidenceEnd(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := evidence.ParseHead(end.Head.String())
	if err != nil {
		t.Fatal(err)
	}
	a.add(t, item(2, "y"))
	if list, _ := a.problems(t, kept); len(list) > 0 {
		t.Errorf("the chain goes on, and yet: %v", list)
	}
	forged := temp(t, 0)
	forged.add(t, item(1, "innocent"))
	if list, _ := forged.problems(t, kept); len(list) != 1 || !strings.Contains(list[0], "does not pass through the head that was kept") {
		t.Errorf("a new archive: %v", list)
	}
	kept.Seq = 6
	if list, _ := forged.problems(t, kept); len(list) != 1 || !strings.Contains(list[0], "the chain ends with record 5") {
		t.Errorf("a shorter archive: %v", list)
	}
	for _, bad := range []string{"", "1", "1:", ":ab", "0:" + kept.Chain, "1:" + kept.Chain + "0", "1:" + kept.Chain[1:], "x" + kept.String(), "1:" + strings.Repeat("z", 64), "01:" + kept.Chain} {
		if _, err := evidence.ParseHead(bad); err == nil {
			t.Errorf("ParseHead(%q) is accepted", bad)
		}
	}
}
