package index

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Signature identifies how an index was built: the engine's format, the zone's offsets in winter and in
// summer, and a hash of fold's result for each character, so that changed folding tables are noticed. An
// index with another signature must be rebuilt.
func Signature(format string, fold func(string) string, zone *time.Location) string {
	for _, month := range []time.Month{time.January, time.July} {
		format += time.Date(2026, month, 1, 0, 0, 0, 0, zone).Format(" -0700")
	}
	if fold == nil {
		return format
	}
	sum := sha256.New()
	const chunk = 128 // characters folded at a time
	var b strings.Builder
	for r := rune(' '); r <= 0xFFFF; r++ {
		if utf8.ValidRune(r) {
			b.WriteRune(r)
		}
		if r%chunk == chunk-1 {
			sum.Write([]byte(fold(b.String())))
			sum.Write([]byte{0})
			b.Reset()
		}
	}
	return fmt.Sprintf("%s fold %s", format, hex.EncodeToString(sum.Sum(nil)[:8]))
}
