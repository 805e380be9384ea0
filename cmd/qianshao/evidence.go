package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/qianshao/qianshao/evidence"
	"github.com/qianshao/qianshao/store/sqlite"
)

// evidenceCmd works on the archive of flagged pages. All of it may run beside a server.
type evidenceCmd struct {
	Verify evidenceVerifyCmd `cmd:"" help:"Check every record of the archive against the hash chain. Exit code 3 if anything was changed, removed, moved or added."`
	Head   evidenceHeadCmd   `cmd:"" help:"Print the end of the hash chain, to be kept elsewhere for \"verify --head\"."`
	Export evidenceExportCmd `cmd:"" help:"Write what is archived for a finding into a zip: WARC, report in Chinese, finding as JSON, manifest."`
	Prune  evidencePruneCmd  `cmd:"" help:"List the captures that the retention policy no longer keeps; with --apply, delete them."`
	Index  evidenceIndexCmd  `cmd:"" help:"Write the CDXJ indexes anew."`
}

func evidencePath(data string) string { return filepath.Join(data, "evidence") }

func newArchive(s *session, db *sqlite.Store) (*evidence.Archive, error) {
	return evidence.New(evidence.Options{Folder: evidencePath(s.data), Ledger: db, Software: "qianshao/" + versionString(), Log: s.log})
}

// openEvidence makes the archive ready for what a crawl finds. The operator's
// contact stands in its files.
func (o *outpost) openEvidence(ctx context.Context, contact string) (err error) {
	o.evidence, err = evidence.New(evidence.Options{
		Folder: evidencePath(o.folder), Ledger: o.store, Software: "qianshao/" + versionString(), Operator: contact, Log: o.log,
	})
	if err != nil {
		return err
	}
	if err := o.evidence.Recover(ctx); err != nil {
		// Pages can be archived all the same; the log tells what to do.
		o.log.Error("the evidence archive is not in order", "error", err)
	}
	return nil
}

// indexEvidence brings the archive's indexes up to date at the end of a crawl.
// They are derived: the next start does what fails.
func (o *outpost) indexEvidence(ctx context.Context) {
	if err := o.evidence.WriteIndexes(ctx); err != nil {
		o.log.Warn("the index of an evidence file was not written", "error", err)
	}
}

// withArchive opens store and archive for a command.
func withArchive(s *session, run func(*sqlite.Store, *evidence.Archive) error) (err error) {
	db, err := openStore(s)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	archive, err := newArchive(s, db)
	if err != nil {
		return err
	}
	return run(db, archive)
}

type evidenceVerifyCmd struct {
	Head string `help:"Check also that the chain passes through a head that was kept, as \"evidence head\" prints it." placeholder:"SEQ:HASH"`
}

// maxProblems bounds how many lines verify prints; a file that lost its first
// byte would give one for each of its records.
const maxProblems = 100

func (c evidenceVerifyCmd) Run(s *session) error {
	var want evidence.Head
	if c.Head != "" {
		var err error
		if want, err = evidence.ParseHead(c.Head); err != nil {
			return usageError(err)
		}
	}
	return withArchive(s, func(_ *sqlite.Store, archive *evidence.Archive) error {
		printed := 0
		v, err := archive.Verify(s.ctx, want, func(p evidence.Problem) {
			if printed++; printed <= maxProblems {
				fmt.Fprintln(s.out, printable(p.String()))
			}
		})
		if err != nil {
			return err
		}
		if printed > maxProblems {
			fmt.Fprintf(s.out, "… and %d more\n", printed-maxProblems)
		}
		fmt.Fprintf(s.out, "%d records, %d bytes in %d files; %d records deleted by %d deletions\n", v.Records, v.Bytes, v.Files, v.Deleted, v.Deletions)
		if v.Uncut > 0 {
			fmt.Fprintf(s.out, "%d deleted records are still in their files: run \"qianshao evidence prune --apply\"\n", v.Uncut)
		}
		if v.Head.Seq > 0 {
			fmt.Fprintf(s.out, "head %s of %s\n", v.Head, v.Head.Added.UTC().Format(time.RFC3339))
		}
		if v.Problems > 0 {
			return mismatchError(fmt.Errorf("the archive is not as it was written: %d problems; docs/operations.md, \"The evidence archive\", says what to do", v.Problems))
		}
		fmt.Fprintln(s.out, "the archive is as it was written")
		return nil
	})
}

type evidenceHeadCmd struct{}

func (evidenceHeadCmd) Run(s *session) error {
	return withArchive(s, func(db *sqlite.Store, _ *evidence.Archive) error {
		end, err := db.EvidenceEnd(s.ctx)
		if err != nil {
			return err
		}
		if end.Seq == 0 {
			return errors.New("nothing is archived yet")
		}
		fmt.Fprintf(s.out, "%s %s\n", end.Head, end.Added.UTC().Format(time.RFC3339))
		return nil
	})
}

type evidenceIndexCmd struct{}

func (evidenceIndexCmd) Run(s *session) error {
	return withArchive(s, func(db *sqlite.Store, archive *evidence.Archive) error {
		files, err := db.EvidenceFiles(s.ctx)
		if err != nil {
			return err
		}
		for _, f := range files {
			if err := archive.WriteIndex(s.ctx, f.Name); err != nil {
				return err
			}
		}
		fmt.Fprintf(s.out, "%d indexes written\n", len(files))
		return nil
	})
}
