package dfa

import "unicode/utf8"

// Results of a machine that are not places.
const (
	none   = -1
	gaveUp = -2
)

// endInString returns the end of the first match after from. Each state that has to be built adds
// to the lag; beyond maxDebt it gives up.
func (m *machine) endInString(text string, from int, lag *int) (end int) {
	if *lag > maxDebt {
		return gaveUp
	}
	behind := rune(startOfText)
	if from > 0 {
		behind, _ = utf8.DecodeLastRuneInString(text[:from])
	}
	s, end := m.start(behind), none
	for i := from; i < len(text); {
		r, width := rune(text[i]), 1
		if r >= utf8.RuneSelf {
			r, width = utf8.DecodeRuneInString(text[i:])
		}
		class := m.classes.class(r)
		next := s.next[class].Load()
		if next == nil {
			if *lag += stateCost; *lag-(i-from) > maxDebt {
				return gaveUp
			}
			next = m.build(s, class)
		}
		if s = next; s.notable {
			if s.matched {
				end = i
			}
			if s.isDead() {
				return end
			}
		}
		i += width
	}
	if m.follow(s, m.endOfText()).matched {
		end = len(text)
	}
	return end
}

// endInRunes is endInString for characters.
func (m *machine) endInRunes(text []rune, from int, lag *int) (end int) {
	if *lag > maxDebt {
		return gaveUp
	}
	behind := rune(startOfText)
	if from > 0 {
		behind = text[from-1]
	}
	s, end := m.start(behind), none
	for i, r := range text[from:] {
		class := m.classes.class(r)
		next := s.next[class].Load()
		if next == nil {
			if *lag += stateCost; *lag-i > maxDebt {
				return gaveUp
			}
			next = m.build(s, class)
		}
		if s = next; s.notable {
			if s.matched {
				end = from + i
			}
			if s.isDead() {
				return end
			}
		}
	}
	if m.follow(s, m.endOfText()).matched {
		end = len(text)
	}
	return end
}

// startInString returns the beginning of the first match that ends at end, which is not before
// from.
func (m *machine) startInString(text string, from, end int, lag *int) (start int) {
	behind := rune(startOfText)
	if end < len(text) {
		behind, _ = utf8.DecodeRuneInString(text[end:])
	}
	s, start := m.start(behind), end
	for i := end; i > from; {
		r, width := utf8.DecodeLastRuneInString(text[:i])
		if s = m.charge(s, m.classes.class(r), lag); s.matched {
			start = i
		}
		if s.isDead() {
			return start
		}
		i -= width
	}
	class := m.endOfText()
	if from > 0 {
		r, _ := utf8.DecodeLastRuneInString(text[:from])
		class = m.classes.class(r)
	}
	if m.charge(s, class, lag).matched {
		start = from
	}
	return start
}

// startInRunes is startInString for characters.
func (m *machine) startInRunes(text []rune, from, end int, lag *int) (start int) {
	behind := rune(startOfText)
	if end < len(text) {
		behind = text[end]
	}
	s, start := m.start(behind), end
	for i := end; i > from; i-- {
		if s = m.charge(s, m.classes.class(text[i-1]), lag); s.matched {
			start = i
		}
		if s.isDead() {
			return start
		}
	}
	class := m.endOfText()
	if from > 0 {
		class = m.classes.class(text[from-1])
	}
	if m.charge(s, class, lag).matched {
		start = from
	}
	return start
}

// follow returns the state that a character of a class leads to.
func (m *machine) follow(s *state, class uint16) *state {
	if next := s.next[class].Load(); next != nil {
		return next
	}
	return m.build(s, class)
}

// charge is follow, and adds the cost of a new state to the lag.
func (m *machine) charge(s *state, class uint16, lag *int) *state {
	if next := s.next[class].Load(); next != nil {
		return next
	}
	*lag += stateCost
	return m.build(s, class)
}

// isDead says whether no match can end, or begin, after the state.
func (s *state) isDead() bool { return len(s.threads) == 0 && !s.searching }
