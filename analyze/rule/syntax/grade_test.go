package syntax

import "testing"

func TestGradesOfAList(t *testing.T) {
	f := &File{Name: "lists/a.txt"}
	terms, _, last := f.ParseList([]byte("先说的词\n[specific]\n首存送彩金\n【可疑】\n包赢不输 | 3\n[专指 5，telling 3]\n六分的词 | 6\n四分的词 | 4\n一分的词\n"))
	if len(f.Mistakes) > 0 {
		t.Fatal(f.Mistakes)
	}
	want := []Grade{0, Specific, Telling, Specific, Telling, Flavour}
	for i, term := range terms {
		if term.Grade != want[i] {
			t.Errorf("%s is %s, want %s", term.Text, term.Grade, want[i])
		}
	}
	if len(terms) != len(want) || last.Of(5) != Specific || last.Of(2) != Flavour || Grading(nil).Of(6) != 0 {
		t.Errorf("%d terms; the last line gives %s for 5 and %s for 2", len(terms), last.Of(5), last.Of(2))
	}
}
