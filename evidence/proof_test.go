package evidence_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/evidence"
)

// checkProof checks an unpacked zip as its report explains: the records by their hashes in chain.txt, each
// chain's end in register.txt, and the register's end by the head.
func checkProof(t *testing.T, members map[string]string, head string) {
	t.Helper()
	var manifest evidence.Manifest
	if err := json.Unmarshal([]byte(members["manifest.json"]), &manifest); err != nil {
		t.Fatal(err)
	}
	chains := strings.Split(members["chain.txt"], "\n\n")
	if len(chains) != len(manifest.Chains) {
		t.Errorf("%d chains, the manifest has %+v", len(chains), manifest.Chains)
	}
	for _, r := range manifest.Records {
		sum := sha256.Sum256([]byte(members["page.warc.gz"][r.Offset : r.Offset+r.Length]))
		if hex.EncodeToString(sum[:]) != r.SHA256 || !strings.Contains(members["chain.txt"]+"\n", r.Line+"\n") || !strings.Contains(r.Line, " "+r.SHA256+" ") {
			t.Errorf("record %d is not as the chain has it", r.Seq)
		}
	}
	for i, lines := range chains {
		end := followed(t, strings.TrimSuffix(lines, "\n"))
		if !strings.HasSuffix(manifest.Chains[i].Head, ":"+end) || !strings.Contains(members["register.txt"], " "+end+" ") {
			t.Errorf("chain %s ends with %s, which the register does not have", manifest.Chains[i].Name, end)
		}
	}
	if end := followed(t, strings.TrimSuffix(members["register.txt"], "\n")); end != head || !strings.HasSuffix(manifest.Head, ":"+end) {
		t.Errorf("the register ends with %s, its head is %s", end, head)
	}
}

// followed checks that each line begins with the hash of the line before, and returns the last line's
// hash.
func followed(t *testing.T, lines string) (hash string) {
	t.Helper()
	for line := range strings.SplitSeq(lines, "\n") {
		if hash != "" && !strings.HasPrefix(line, hash+" ") {
			t.Errorf("the chain is broken at %q", line)
		}
		sum := sha256.Sum256([]byte(line + "\n"))
		hash = hex.EncodeToString(sum[:])
	}
	return hash
}
