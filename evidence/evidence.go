// Package evidence archives flagged pages as proof of what was found: WARC
// objects that other programs can read, with every record in a hash chain.
//
// # The chains
//
// Each process that writes has a chain of its own, which nobody else extends. The chain is named after its
// writer and an epoch, which grows by one with each chain that the writer begins. Every record that was
// ever written has a Link in one chain. Its chain value is the SHA-256 of one line of text,
//
//	PREVIOUS RECORD SEQ KIND ADDED FILE OFFSET LENGTH\n
//
// where PREVIOUS is the chain value of the link before (64 zeros for the chain's
// first), RECORD the SHA-256 of the record's bytes in the object, that is of its
// gzip member, ADDED the time in UTC as 2006-01-02T15:04:05Z, FILE the object's name,
// and OFFSET and LENGTH the place at which the bytes were written. Hashes are in
// lower-case hex, and the words are separated by one space. So whoever changes, removes,
// adds or moves a record must change every later chain value up to the last one, the
// head.
//
// # The register
//
// The heads of all chains are entered into one register: each minute, and when a chain
// ends. An entry's hash is the SHA-256 of the line
//
//	PREVIOUS WRITER SEQ CHAIN TIME\n
//
// where PREVIOUS is the hash of the entry before (64 zeros for the first), WRITER the chain's name (-
// for the one chain of older versions, which has none), and SEQ and CHAIN the chain's head. The
// register's own head can be written down elsewhere, and then vouches for all chains.
//
// # Order of writing
//
// Records are in objects of a bucket, their links in SQL (see Ledger). A capture is an
// object, which is stored before its links: one short transaction adds them, if the chain
// still ends where its writer believes it does. If a process dies in between, its object
// has no links; the writer's next start ends the dead process's chain and then removes
// the object. Older versions had files with many captures.
//
// # Deletion
//
// The link of a deleted record stays. A record of kind KindDeletion names the hashes and the
// reason; it is part of a chain like any other record. Then the object is deleted or, if it
// has other records, rewritten without the deleted bytes. So a record's present place is its
// link's offset minus the bytes that were deleted before it in the object.
package evidence

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/locales"
)

// KindDeletion is the kind of a link whose record says what was deleted; in the
// file it is a metadata record. All other kinds are WARC-Types.
const KindDeletion = "deletion"

// Link is a record's place in the objects and in its chain.
type Link struct {
	// Seq is the record's number in the archive: the chain's number, times 2³², plus its place in the chain, from 1.
	Seq int64
	// Kind is the record's WARC-Type, or KindDeletion.
	Kind string
	// Added is when the record was written, in whole seconds.
	Added time.Time
	// File is the object's name in the archive's bucket. Offset and Length are where the
	// record's gzip member was written, in bytes.
	File           string
	Offset, Length int64
	// Record is the SHA-256 of the member, Chain the link's chain value, in hex.
	Record, Chain string

	// The following fields repeat the record's header, for index and export.
	// They are not part of the chain; Verify compares them with the record.
	ID       string
	URI      string
	Captured time.Time
	MIME     string
	Status   int    // of HTTP; 0 if the record is not a response
	Payload  string // WARC-Payload-Digest

	// Capture is the id of the Capture that the record belongs to; 0 for none.
	Capture int64
	// Gone is the Seq of the deletion that removed the record; 0 while it is there.
	Gone int64
	// Cut says that a deleted record's bytes were cut out of the object.
	Cut bool
}

// Line is the text whose SHA-256 is the link's chain value.
func (l *Link) Line(previous string) string {
	return fmt.Sprintf("%s %s %d %s %s %s %d %d\n", previous, l.Record, l.Seq, l.Kind,
		l.Added.UTC().Format(time.RFC3339), l.File, l.Offset, l.Length)
}

// chainValue is what Chain must be after a link whose chain value is previous.
func (l *Link) chainValue(previous string) string {
	sum := sha256.Sum256([]byte(l.Line(previous)))
	return hex.EncodeToString(sum[:])
}

// chainBits are the bits of a Seq that are a record's place in its chain.
const chainBits = 32

// ChainOf returns the number of the chain that a record is in.
func ChainOf(seq int64) int64 { return seq >> chainBits }

// Before is the Seq before the first of a chain, and so the head of an empty one.
func Before(chain int64) int64 { return chain << chainBits }

// named returns a Seq as it is shown: 7 in chain 0, 3/7 in chain 3.
func named(seq int64) string {
	if chain := ChainOf(seq); chain > 0 {
		return fmt.Sprintf("%d/%d", chain, seq-Before(chain))
	}
	return fmt.Sprint(seq)
}

// Head is the end of a chain or of the register. An operator who keeps the register's
// head elsewhere can later verify that nothing before it was changed.
type Head struct {
	Seq   int64 // of the register, 0 while it is empty; of an empty chain, Before
	Chain string
	Added time.Time
}

// Chain is the chain of one process.
type Chain struct {
	// Number is its place among the archive's chains. 0 is the chain of older versions, which has no
	// writer.
	Number int64
	Writer string
	Epoch  int64
	Head
	// Registered is the Seq of the head that was last registered.
	Registered int64
	// Fenced says that nothing can be added any more, and Ended that no unlinked objects of it are left.
	Fenced, Ended bool
}

// Name is the chain's name in objects and register.
func (c *Chain) Name() string {
	if c.Writer == "" {
		return "-"
	}
	return fmt.Sprintf("%s-%06d", c.Writer, c.Epoch)
}

// Entry is an entry of the register.
type Entry struct {
	Seq   int64 // from 1
	Chain int64 // its number
	Name  string
	// Head is the chain's head at that time; its Added is the time of the entry.
	Head Head
	Hash string
	// Now is the chain value that the ledger has for the head's link; empty if it has no such link.
	Now string
}

// Line is the text whose SHA-256 is the entry's hash.
func (e *Entry) Line(previous string) string {
	return fmt.Sprintf("%s %s %d %s %s\n", previous, e.Name, e.Head.Seq, e.Head.Chain, e.Head.Added.UTC().Format(time.RFC3339))
}

// HashAfter is what the entry's hash must be after an entry whose hash is previous, "" for the first.
func (e *Entry) HashAfter(previous string) string {
	if previous == "" {
		previous = Start
	}
	sum := sha256.Sum256([]byte(e.Line(previous)))
	return hex.EncodeToString(sum[:])
}

// Start is the chain value before the first link.
var Start = strings.Repeat("0", 2*sha256.Size)

func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Seq, h.Chain) }

// ParseHead reads SEQ:HASH as Head.String writes it.
func ParseHead(s string) (Head, error) {
	var h Head
	_, err := fmt.Sscanf(s, "%d:%64s", &h.Seq, &h.Chain)
	if sum, ofHash := hex.DecodeString(h.Chain); err != nil || ofHash != nil || len(sum) != sha256.Size || h.String() != s || h.Seq < 1 {
		return Head{}, locales.Errorf("head.mistake", s)
	}
	return h, nil
}

// Capture is one archived visit of a flagged page, with all records of all its views.
type Capture struct {
	// ID is assigned by the ledger, in ascending order.
	ID int64
	// First is the Seq of its first record; the others follow.
	First int64
	// URL is the page's.
	URL string
	// Captured is when the page was fetched, Seen when a visit last found it the same.
	Captured, Seen time.Time
	// Fingerprint is equal for visits with the same bodies and the same findings.
	Fingerprint string
	Categories  []qianshao.Category
	Findings    []string // their ids
	Records     int
	Bytes       int64 // in the object
	// Gone is the Seq of the deletion; 0 while the records are there.
	Gone int64
}

// State is the state of the archive at a moment.
type State struct {
	Chains   []Chain // by number
	Register Head
	// Gone counts the deleted records, Cut those of them whose bytes were cut out.
	Gone, Cut int64
}

// Extension is what a writer adds.
type Extension struct {
	// Links continue the chain: their Seqs follow the head's without gaps.
	Links []Link
	// Capture is set if the links belong to a capture. The ledger sets its ID, and the links' Capture.
	Capture *Capture
	// Deletions are the captures whose records Links delete.
	Deletions []Deletion
}

// Deletion names a capture and the link of kind KindDeletion that deletes it.
type Deletion struct{ Capture, Seq int64 }

// Ledger keeps chains, links and captures durably. store/sqlstore implements it, and
// store/storetest checks that implementations keep these promises.
type Ledger interface {
	// BeginEvidence begins the chain of a writer's next epoch.
	BeginEvidence(ctx context.Context, writer string) (Chain, error)
	// FenceEvidence makes sure that nothing is added to a chain any more, not
	// even by calls that were under way when it returns.
	FenceEvidence(ctx context.Context, chain int64) error
	// EndEvidence fences a chain, registers its head and marks it as ended.
	EndEvidence(ctx context.Context, chain int64, at time.Time) error
	// RegisterEvidence enters into the register the heads that are not yet in it.
	RegisterEvidence(ctx context.Context, at time.Time) error
	// EvidenceRegister returns up to limit entries after the Seq after, in order.
	EvidenceRegister(ctx context.Context, after int64, limit int) ([]Entry, error)
	// EvidenceRegistered returns the first entry that vouches for a link; ok is false if there is none yet.
	EvidenceRegistered(ctx context.Context, seq int64) (e Entry, ok bool, err error)
	// EvidenceState returns the state. Whatever was recorded before the call, by any process, is part of it.
	EvidenceState(ctx context.Context) (State, error)
	// EvidenceChain returns one chain as it is now; ok is false if there is none with that number.
	EvidenceChain(ctx context.Context, number int64) (c Chain, ok bool, err error)

	// AppendEvidence records an extension in one durable transaction, if the chain of after
	// still ends there. Otherwise it records nothing and returns an error that wraps
	// ErrEndChanged or ErrFenced. After any other error, too, the extension is recorded whole
	// or not at all. The bytes of the records are stored before it is called. A capture that
	// an extension deletes must not be deleted yet.
	AppendEvidence(ctx context.Context, after Head, x Extension) error
	// EvidenceLinks returns up to limit links after the Seq after, in order.
	EvidenceLinks(ctx context.Context, after int64, limit int) ([]Link, error)
	// EvidenceFileLinks returns the links of one object, by Seq.
	EvidenceFileLinks(ctx context.Context, file string) ([]Link, error)
	// EvidenceCutBefore returns how many bytes were cut out of the link's object before the link's record.
	EvidenceCutBefore(ctx context.Context, link Link) (int64, error)
	// UncutEvidence returns the objects with deleted records that are not marked as cut.
	UncutEvidence(ctx context.Context) ([]string, error)
	// CutEvidence marks all deleted records of an object as cut, if cut succeeds. The function cut gets
	// the object's links, which nobody else changes meanwhile, and may be called more than once.
	CutEvidence(ctx context.Context, file string, cut func(links []Link) error) error

	// EvidenceCapture returns the page's latest capture that is not deleted; ok is false if there is none.
	EvidenceCapture(ctx context.Context, url string) (c Capture, ok bool, err error)
	// EvidenceCaptures returns up to limit captures after the ID after, in order, of one page or, for
	// an empty url, of all. It includes deleted ones.
	EvidenceCaptures(ctx context.Context, url string, after int64, limit int) ([]Capture, error)
	// SeeEvidence records that at a moment a page was as in its latest capture.
	// A moment before the recorded one changes nothing.
	SeeEvidence(ctx context.Context, url string, at time.Time) error
}

// Sentinels to test for with errors.Is.
var (
	// ErrDamaged says that the archive's objects are not as the ledger has them.
	ErrDamaged = locales.Errorf("archive.damaged")
	// ErrEndChanged says that a chain has been extended since its end was read.
	ErrEndChanged = locales.Errorf("archive.end_changed")
	// ErrFenced says that nothing is added to a chain any more.
	ErrFenced = locales.Errorf("archive.fenced")
)

// damaged is ErrDamaged with the first thing that is wrong; Verify finds the rest.
func damaged(what locales.Message) error { return locales.Errorf("archive.verify", ErrDamaged, what) }
