// Package evidence archives flagged pages as proof of what was found: WARC
// files that other programs can read, with every record in a hash chain.
//
// # The chain
//
// Every record that was ever written has a Link, numbered from 1. Its chain
// value is the SHA-256 of one line of text,
//
//	PREVIOUS RECORD SEQ KIND ADDED FILE OFFSET LENGTH\n
//
// where PREVIOUS is the chain value of the link before (64 zeros for the
// first), RECORD the SHA-256 of the record's bytes in the file, that is of its
// gzip member, ADDED the time in UTC as 2006-01-02T15:04:05Z, and FILE, OFFSET
// and LENGTH the place at which the bytes were written. Hashes are in lower-case
// hex, and the words are separated by one space. So whoever changes, removes,
// adds or moves a record must change every later chain value, and the last one,
// the head, which can be written down elsewhere.
//
// # Order of writing
//
// Records are in files, their links in SQL (see Ledger). A writer takes the lock
// of the folder, reads the end of the chain, writes the records behind it and
// syncs them. Then one short transaction links them, if the chain still ends
// where it was read. Bytes that a crash leaves behind the recorded end are cut
// off by the next start or the next write.
//
// # Deletion
//
// The link of a deleted record stays. A record of kind KindDeletion names the
// hashes and the reason; it is part of the chain like any other. The file is
// then rewritten without the deleted bytes, so a record's present place is its
// link's offset less what was deleted before it in the file.
package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
)

// KindDeletion is the kind of a link whose record says what was deleted; in the
// file it is a metadata record. All other kinds are WARC-Types.
const KindDeletion = "deletion"

// Link is a record's place in files and chain.
type Link struct {
	Seq int64
	// Kind is the record's WARC-Type, or KindDeletion.
	Kind string
	// Added is when the record was written, in whole seconds.
	Added time.Time
	// File is a name in the archive's folder. Offset and Length are where the
	// record's gzip member was written, in bytes.
	File           string
	Offset, Length int64
	// Record is the SHA-256 of the member, Chain the link's chain value, in hex.
	Record, Chain string

	// What follows repeats the record's header, for index and export. It is not
	// part of the chain; Verify compares it with the record.
	ID       string
	URI      string
	Captured time.Time
	MIME     string
	Status   int    // of HTTP; 0 if the record is no response
	Payload  string // WARC-Payload-Digest

	// Capture is the id of the Capture that the record belongs to; 0 for none.
	Capture int64
	// Gone is the Seq of the deletion that took the record; 0 while it is there.
	Gone int64
	// Cut says that a deleted record's bytes are out of the file.
	Cut bool
}

// Line is the text whose SHA-256 is the link's chain value.
func (l *Link) Line(previous string) string {
	return fmt.Sprintf("%s %s %d %s %s %s %d %d\n", previous, l.Record, l.Seq, l.Kind,
		l.Added.UTC().Format(time.RFC3339), l.File, l.Offset, l.Length)
}

// chainValue is what Chain must be behind a link of chain value previous.
func (l *Link) chainValue(previous string) string {
	sum := sha256.Sum256([]byte(l.Line(previous)))
	return hex.EncodeToString(sum[:])
}

// Head is the end of the chain. An operator who keeps it elsewhere can tell
// later that nothing up to it was changed.
type Head struct {
	Seq   int64 // 0 for an empty archive
	Chain string
	Added time.Time
}

// start is the chain value before the first link.
var start = strings.Repeat("0", 2*sha256.Size)

func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Seq, h.Chain) }

// ParseHead reads SEQ:HASH as Head.String writes it.
func ParseHead(s string) (Head, error) {
	var h Head
	if _, err := fmt.Sscanf(s, "%d:%64s", &h.Seq, &h.Chain); err != nil || h.String() != s || h.Seq < 1 {
		return Head{}, fmt.Errorf("%q is no head of the chain; it looks as 42:9f86d0… (a number, a colon, 64 hex digits)", s)
	}
	if sum, err := hex.DecodeString(h.Chain); err != nil || len(sum) != sha256.Size {
		return Head{}, fmt.Errorf("the hash in %q has not 64 hex digits", s)
	}
	return h, nil
}

// Capture is one visit of a flagged page, with all records of all its views.
type Capture struct {
	ID int64 // Seq of its first record
	// URL of the page.
	URL string
	// Captured is when it was fetched, Seen when a visit last found the same.
	Captured, Seen time.Time
	// Fingerprint is the same for visits that got the same bodies and made the same findings.
	Fingerprint string
	Categories  []qianshao.Category
	Findings    []string // their ids
	Records     int
	Bytes       int64 // in the file
	// Gone is the Seq of the deletion; 0 while the records are there.
	Gone int64
}

// End is what a writer must know of the archive's end.
type End struct {
	Head
	// File and Last are the last link's file and Seq. Last differs from Head.Seq
	// if somebody removed links.
	File string
	Last int64
	// Bytes is the recorded size of File before anything was cut out of it.
	Bytes int64
	// Holed says that records of File are deleted: nothing is appended to it any more.
	Holed bool
	// Cut counts the deleted records, in all files, whose bytes are cut out.
	Cut int64
}

// Extension is what a writer adds.
type Extension struct {
	// Links continue the chain: their Seq begins after the head's, without gaps.
	Links []Link
	// Capture is set if the links are those of a capture.
	Capture *Capture
	// Deletions are the captures whose records Links delete.
	Deletions []Deletion
}

// Deletion names a capture and the link of kind KindDeletion that deletes it.
type Deletion struct{ Capture, Seq int64 }

// Ledger keeps links and captures durably. store/sqlstore implements it, and
// store/storetest holds an implementation to what is promised here. It need
// not serialise writers: the archive has a lock of its own.
type Ledger interface {
	// AppendEvidence records an extension in one durable transaction, if the
	// chain still ends with the head after. Otherwise it records nothing and
	// returns an error that wraps ErrEndChanged; nor does any other error leave
	// a part of the extension. The bytes of the records are on the disk before
	// it is called. A capture that an extension deletes must not be deleted yet.
	AppendEvidence(ctx context.Context, after Head, x Extension) error
	// MarkEvidenceCut records that the file was rewritten without those of its
	// records that are deleted.
	MarkEvidenceCut(ctx context.Context, file string) error
	// EvidenceEnd returns the present end, as of one moment. Whatever was
	// recorded before the call, by any process, is part of it.
	EvidenceEnd(ctx context.Context) (End, error)
	// EvidenceLinks returns up to limit links behind after, by Seq.
	EvidenceLinks(ctx context.Context, after int64, limit int) ([]Link, error)
	// EvidenceFileLinks returns those of one file, by Seq.
	EvidenceFileLinks(ctx context.Context, file string) ([]Link, error)
	// EvidenceCutBefore returns how many bytes were cut out of the link's file before the link's record.
	EvidenceCutBefore(ctx context.Context, link Link) (int64, error)
	// EvidenceCapture returns the page's latest capture that is not deleted; ok is false if there is none.
	EvidenceCapture(ctx context.Context, url string) (c Capture, ok bool, err error)
	// EvidenceCaptures returns up to limit captures behind after, by ID, of one
	// page or, for an empty url, of all. Deleted ones are among them.
	EvidenceCaptures(ctx context.Context, url string, after int64, limit int) ([]Capture, error)
	// SeeEvidence records that at a moment a page was as its latest capture has
	// it. An earlier moment than the one recorded changes nothing.
	SeeEvidence(ctx context.Context, url string, at time.Time) error
	// EvidenceFiles returns the files, in the order of their first links.
	EvidenceFiles(ctx context.Context) ([]File, error)
	// SetEvidenceIndex records the SHA-256 of a file's index, which covers the
	// links up to through. It does nothing if the file has later links.
	SetEvidenceIndex(ctx context.Context, file string, through int64, sha256 string) error
}

// File is a file of the archive.
type File struct {
	Name string
	// Index is the SHA-256 of its CDXJ index; empty while that is out of date.
	Index string
	// Uncut says that records are deleted whose bytes are still in the file.
	Uncut bool
}

// Sentinels to test for with errors.Is.
var (
	// ErrDamaged says that the archive's files are not as the ledger has them.
	ErrDamaged = errors.New("the evidence archive is damaged")
	// ErrEndChanged says that the chain has been extended since its end was read.
	ErrEndChanged = errors.New("the end of the evidence chain has changed since it was read")
)
