package evidence

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/qianshao/qianshao/evidence/bucket"
	"github.com/qianshao/qianshao/locales"
)

// register checks the register's own chain, and that the heads in it are those of the chains.
func (v *verifier) register() error {
	last := map[int64]int64{} // the last registered head of each chain
	previous := ""
	for after := int64(0); after < v.state.Register.Seq; {
		entries, err := v.a.opts.Ledger.EvidenceRegister(v.ctx, after, linksAtATime)
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			v.problem(Problem{What: locales.M("archive.problem.register_end", after, v.state.Register.Seq)})
			return nil
		}
		for i := range entries {
			e := &entries[i]
			if what := v.wrongEntry(e, after, previous); what.Key != "" {
				v.problem(Problem{What: locales.M("archive.problem.entry", e.Seq, e.Name, what)})
			}
			v.pass(e.Seq, e.Hash)
			after, previous, last[e.Chain] = e.Seq, e.Hash, e.Head.Seq
		}
	}
	for i := range v.state.Chains {
		if c := &v.state.Chains[i]; c.Registered > max(last[c.Number], Before(c.Number)) {
			v.problem(Problem{What: locales.M("archive.problem.registered", c.Name(), named(c.Registered))})
		}
	}
	return nil
}

// wrongEntry says what is wrong with an entry; the zero Message if nothing is.
func (v *verifier) wrongEntry(e *Entry, after int64, previous string) locales.Message {
	switch {
	case e.Seq != after+1:
		return locales.M("archive.problem.entries", after+1, e.Seq-1)
	case e.Hash != e.HashAfter(previous):
		return locales.M("archive.problem.entry_changed")
	case e.Now == "":
		return locales.M("archive.problem.record_missing", named(e.Head.Seq))
	case e.Now != e.Head.Chain:
		return locales.M("archive.problem.rewritten", named(e.Head.Seq))
	}
	return locales.Message{}
}

// bucket looks for objects that the archive does not know.
func (v *verifier) bucket() error {
	var strangers []string
	for name, err := range v.a.opts.Bucket.List(v.ctx, "") {
		if err != nil {
			return err
		}
		if !v.files[name] && name != oldLock && name != bucket.Owner && !v.isOldIndex(name) {
			strangers = append(strangers, name)
		}
	}
	slices.Sort(strangers)
	until := time.Now().Add(settleTime)
	for _, name := range strangers {
		what, err := v.stranger(name, until)
		if err != nil {
			return err
		}
		if what.Key != "" {
			v.problem(Problem{File: name, What: what})
		}
	}
	return nil
}

func (v *verifier) isOldIndex(name string) bool {
	file, is := strings.CutSuffix(name, oldIndex)
	return is && v.files[file+".warc.gz"]
}

// How long Verify waits for the links of an object that may just be being written.
const (
	settleTime = 2 * time.Second
	settlePoll = 20 * time.Millisecond
)

// stranger says what is wrong with an object that was not linked when Verify came to its chain; the zero
// Message if nothing is.
func (v *verifier) stranger(name string, until time.Time) (what locales.Message, err error) {
	if strings.HasSuffix(name, bucket.Temporary) {
		if is, err := v.a.isBeingRewritten(v.ctx, name); err != nil || is {
			return what, err
		}
		return locales.M("archive.problem.interrupted"), nil
	}
	for {
		links, err := v.a.opts.Ledger.EvidenceFileLinks(v.ctx, name)
		if err != nil || len(links) > 0 {
			return what, err
		}
		if _, err := v.a.opts.Bucket.Size(v.ctx, name); errors.Is(err, bucket.ErrNotFound) {
			return what, nil
		} else if err != nil {
			return what, err
		}
		living, err := v.living(name)
		switch {
		case err != nil:
			return what, err
		case !living:
			return locales.M("archive.problem.stranger"), nil
		case time.Now().After(until):
			return locales.M("archive.problem.unrecorded"), nil
		}
		select {
		case <-v.ctx.Done():
			return what, v.ctx.Err()
		case <-time.After(settlePoll):
		}
	}
}

// living says whether an object's name belongs to a chain to which something may still be added.
func (v *verifier) living(name string) (bool, error) {
	chain, _, _ := strings.Cut(name, "/")
	state, err := v.a.opts.Ledger.EvidenceState(v.ctx)
	return slices.ContainsFunc(state.Chains, func(c Chain) bool { return c.Name() == chain && !c.Fenced }), err
}
