package evidence_test

import (
	"bytes"
	"context"
	"crypto/rand"
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

// edit tampers with a file.
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

// execute changes the database without the program's knowledge.
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

// TestVerifyLarge: the end of a file that is larger than what is read ahead is compared, too.
func TestVerifyLarge(t *testing.T) {
	t.Parallel()
	a := temp(t)
	body := make([]byte, 3<<20)
	_, _ = rand.Read(body)
	a.add(t, item(1, string(body)))
	a.add(t, item(2, "beside it"))
	v := a.sound(t)
	if v.Bytes < 3<<20 {
		t.Fatalf("verified %+v", v)
	}
	name := a.files(t)[0]
	edit(t, name, func(b []byte) []byte { b[2<<20] ^= 1; return b })
	if list, _ := a.problems(t, evidence.Head{}); len(list) != 1 || !strings.Contains(list[0], "the record's bytes were changed") {
		t.Errorf("problems %q", list)
	}
	edit(t, name, func(b []byte) []byte { b[2<<20] ^= 1; return append(b, "more"...) })
	if list, _ := a.problems(t, evidence.Head{}); len(list) != 1 || !strings.Contains(list[0], "4 bytes were appended") {
		t.Errorf("problems %q", list)
	}
}

// TestTampering: every kind of tampering with files or database is reported with its place.
func TestTampering(t *testing.T) {
	const chain = "writer-000001/000000/"
	type attack struct {
		name string
		do   func(t *testing.T, a archive, links []evidence.Link)
		want string // in the first problem
	}
	file := func(a archive, l evidence.Link) string { return filepath.Join(a.folder, l.File) }
	for _, tc := range []attack{
		{"a byte of a record", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { b[links[4].Offset+links[4].Length/2] ^= 1; return b })
		}, "record 1/5: urn:findings:http://a.example/0: the record's bytes were changed"},
		{"the first byte of a file", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[0]), func(b []byte) []byte { b[0] ^= 1; return b })
		}, "byte 0: record 1/1: the record's bytes were changed"},
		{"the compression of a record", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { b[links[4].Offset+9] ^= 1; return b }) // the header's operating system
		}, "record 1/5"},
		{"a record taken out", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte {
				return append(b[:links[3].Offset:links[3].Offset], b[links[4].Offset:]...)
			})
		}, "record 1/4"},
		{"the last record taken out", func(t *testing.T, a archive, links []evidence.Link) {
			last := links[len(links)-1]
			edit(t, file(a, last), func(b []byte) []byte { return b[:last.Offset] })
		}, "the file ends at byte"},
		{"two records exchanged", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte {
				x, y, z := links[3].Offset, links[4].Offset, links[4].Offset+links[4].Length
				return bytes.Join([][]byte{b[:x], b[y:z], b[x:y], b[z:]}, nil)
			})
		}, "record 1/4"},
		{"a file cut", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { return b[:links[4].Offset+10] })
		}, "record 1/5: urn:findings:http://a.example/0: the file ends at byte"},
		{"a file emptied", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { return nil })
		}, "the file ends at byte 0"},
		{"rubbish appended", func(t *testing.T, a archive, links []evidence.Link) {
			edit(t, file(a, links[4]), func(b []byte) []byte { return append(b, 'x') })
		}, "1 bytes were appended"},
		{"a record appended", func(t *testing.T, a archive, links []evidence.Link) {
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
		{"an object added to an ended chain", func(t *testing.T, a archive, _ []evidence.Link) {
			if err := a.Close(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(a.folder, chain+"000000099.warc.gz"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, chain + "000000099.warc.gz, byte 0: the file is not of this archive"},
		{"an object added to a chain that goes on", func(t *testing.T, a archive, _ []evidence.Link) {
			if err := os.WriteFile(filepath.Join(a.folder, chain+"000000099.warc.gz"), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, chain + "000000099.warc.gz, byte 0: the file was never recorded"},
		{"two files exchanged", func(t *testing.T, a archive, links []evidence.Link) {
			one, two := file(a, links[0]), file(a, links[len(links)-1])
			for _, step := range [][2]string{{one, one + "x"}, {two, one}, {one + "x", two}} {
				if err := os.Rename(step[0], step[1]); err != nil {
					t.Fatal(err)
				}
			}
		}, "the record's bytes were changed"},
		{"a link removed", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `DELETE FROM evidence_links WHERE seq = 4294967301`)
		}, "record 1/5: the links 1/5 to 1/5 are missing"},
		{"the last links removed", func(t *testing.T, a archive, links []evidence.Link) {
			execute(t, a, fmt.Sprintf(`DELETE FROM evidence_links WHERE seq > %d`, links[len(links)-3].Seq))
		}, "bytes were appended"},
		{"the last links removed, and the head moved", func(t *testing.T, a archive, links []evidence.Link) {
			last := links[len(links)-6]
			execute(t, a, fmt.Sprintf(`DELETE FROM evidence_links WHERE seq > %d`, last.Seq), fmt.Sprintf(`UPDATE evidence_chains SET seq = %d, chain = '%s'`, last.Seq, last.Chain))
			if err := os.Remove(file(a, links[len(links)-1])); err != nil {
				t.Fatal(err)
			}
		}, "the chain had record 1/40, which is missing"},
		{"the whole chain written anew", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `DELETE FROM evidence_links`, `DELETE FROM evidence_captures`, `DELETE FROM evidence_chains`)
			if err := os.RemoveAll(a.folder); err != nil {
				t.Fatal(err)
			}
			again := open(t, filepath.Dir(a.folder))
			for i := range 8 {
				again.add(t, item(i, "innocent"))
			}
		}, "the chain does not pass through record 1/20 as it was registered"},
		{"an entry of the register", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_register SET at = at + 1000 WHERE seq = 1`)
		}, "entry 1 of the register, of chain writer-000001: the entry was changed"},
		{"an entry taken out of the register", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `DELETE FROM evidence_register WHERE seq = 1`)
		}, "entry 2 of the register, of chain writer-000001: the entries 1 to 1 are missing"},
		{"the end of the register", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `DELETE FROM evidence_register WHERE seq = 2`)
		}, "the register lacks the head of chain writer-000001 that was entered last, record 1/40"},
		{"a link added behind the head", func(t *testing.T, a archive, links []evidence.Link) {
			execute(t, a, fmt.Sprintf(`UPDATE evidence_chains SET seq = %d, chain = '%s', registered = 0`, links[len(links)-6].Seq, links[len(links)-6].Chain))
		}, "a link was added behind it"},
		{"a chain that there is not", func(t *testing.T, a archive, links []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET seq = 9 WHERE seq = 4294967301`)
		}, "record 9: urn:findings:http://a.example/0: the chain ends with record 9"},
		{"all links removed", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `DELETE FROM evidence_links`)
		}, "the chain ends with record 0, but the head is"},
		{"a record's time", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET added = added + 1000 WHERE seq = 4294967301`)
		}, "record 1/5: urn:findings:http://a.example/0: the chain is broken"},
		{"a record's hash with its bytes", func(t *testing.T, a archive, links []evidence.Link) {
			execute(t, a, fmt.Sprintf(`UPDATE evidence_links SET record = '%064d' WHERE seq = 4294967301`, 0))
		}, "record 1/5: urn:findings:http://a.example/0: the chain is broken"},
		{"two links exchanged", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET seq = 9 WHERE seq = 4294967299`, `UPDATE evidence_links SET seq = 4294967299 WHERE seq = 4294967300`, `UPDATE evidence_links SET seq = 4294967300 WHERE seq = 9`)
		}, "record 1/3"},
		{"a record's description", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET uri = 'http://b.example/' WHERE seq = 4294967300`)
		}, "the database describes another record"},
		{"a deletion pretended", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, `UPDATE evidence_links SET gone = 7 WHERE seq = 4294967301`)
		}, "there is no deletion 7"},
		{"the head", func(t *testing.T, a archive, _ []evidence.Link) {
			execute(t, a, fmt.Sprintf(`UPDATE evidence_chains SET chain = '%064d'`, 0))
		}, "the head is"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			a := temp(t)
			for i := range 8 {
				a.add(t, item(i, strings.Repeat(fmt.Sprint(i), 50)))
				if i == 3 || i == 7 {
					if err := a.Register(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
			}
			if v := a.sound(t); v.Files != 8 || v.Head.Seq != 2 {
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

// TestVerifyBesideAdd: pages that are added while the archive is verified are not reported as problems,
// neither their links nor their files before they are linked.
func TestVerifyBesideAdd(t *testing.T) {
	a := temp(t)
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
			if v := a.sound(t); v.Files != 40 || n < 2 {
				t.Errorf("verified %d times, at last %+v", n, v)
			}
			return
		default:
		}
	}
}

// TestEveryByte: no single byte of the archive can be changed unnoticed, not
// even in gzip headers. Every seventh byte is tried.
func TestEveryByte(t *testing.T) {
	a := temp(t)
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
			t.Errorf("byte %d was changed unnoticed", at)
		}
		edit(t, name, flip)
	}
	a.sound(t)
}

// TestHead: whoever can write files and database can forge a whole new archive;
// a head that was kept elsewhere reveals it.
func TestHead(t *testing.T) {
	a := temp(t)
	a.add(t, item(1, "x"))
	if err := a.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	state, err := a.store.EvidenceState(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := evidence.ParseHead(state.Register.String())
	if err != nil {
		t.Fatal(err)
	}
	a.add(t, item(2, "y"))
	if list, _ := a.problems(t, kept); len(list) > 0 {
		t.Errorf("the chain goes on, and yet: %v", list)
	}
	ofChain, err := evidence.ParseHead(state.Chains[0].Head.String())
	if err != nil {
		t.Fatal(err)
	}
	if list, _ := a.problems(t, ofChain); len(list) > 0 {
		t.Errorf("the head of a chain was kept: %v", list)
	}
	forged := temp(t)
	forged.add(t, item(1, "innocent"))
	if err := forged.Register(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, head := range []evidence.Head{kept, ofChain} {
		if list, _ := forged.problems(t, head); len(list) != 1 || !strings.Contains(list[0], "neither the register nor a chain passes through the head that was kept") {
			t.Errorf("a new archive: %v", list)
		}
	}
	for _, bad := range []string{"", "1", "1:", ":ab", "0:" + kept.Chain, "1:" + kept.Chain + "0", "1:" + kept.Chain[1:], "x" + kept.String(), "1:" + strings.Repeat("z", 64), "01:" + kept.Chain} {
		if _, err := evidence.ParseHead(bad); err == nil {
			t.Errorf("ParseHead(%q) is accepted", bad)
		}
	}
}
