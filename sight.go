package qianshao

import "slices"

// Sight is what somebody may see: the pages, findings and everything derived from them, under some
// authorisations or all. The zero value sees nothing, so a limit that is forgotten hides too much
// rather than too little.
type Sight struct {
	// All means everything, including the operator's own files, which have no authorisation.
	All bool
	// Authorisations are the ids of the authorisations it may see, unless All is set.
	Authorisations []string
}

// SeeAll returns an unlimited sight.
func SeeAll() Sight { return Sight{All: true} }

// Sees says whether what was fetched under an authorisation may be seen.
func (s Sight) Sees(authorisation string) bool {
	return s.All || authorisation != "" && slices.Contains(s.Authorisations, authorisation)
}
