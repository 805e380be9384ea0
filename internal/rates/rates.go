// Package rates has the confidence interval of a share that was counted on a small sample, and
// the agreement of two people's answers to the same questions.
package rates

import "math"

// Wilson returns the ends of the 95 % confidence interval of the share n of all, Wilson's score
// interval (E. B. Wilson, 1927): unlike the normal approximation it means something when n is 0
// or all is small. If all is 0, nothing is known: 0 and 1.
func Wilson(n, all int) (low, high float64) {
	const z = 1.959964 // the normal distribution's 97.5th percentile
	if all == 0 {
		return 0, 1
	}
	of, p := float64(all), float64(n)/float64(all)
	middle := p + z*z/(2*of)
	reach := z * math.Sqrt(p*(1-p)/of+z*z/(4*of*of))
	scale := 1 + z*z/of
	return max(0, (middle-reach)/scale), min(1, (middle+reach)/scale)
}

// Kappa returns Cohen's kappa (J. Cohen, 1960): by how much two answers agree beyond what
// chance would do, 1 for always and 0 for no more than chance. table has, for each pair of a
// first and a second answer, how often it was given. ok is false where it cannot be said: there is no
// answer, or all are the same one, so that chance alone explains that they agree.
func Kappa[A comparable](table map[[2]A]int) (kappa float64, ok bool) {
	all, same := 0, 0
	first, second := map[A]int{}, map[A]int{}
	for pair, n := range table {
		all += n
		first[pair[0]] += n
		second[pair[1]] += n
		if pair[0] == pair[1] {
			same += n
		}
	}
	chance := 0 // in parts of all²
	for answer, n := range first {
		chance += n * second[answer]
	}
	if chance == all*all { // which holds for 0, too
		return 0, false
	}
	of := float64(all) * float64(all)
	return (float64(same)*float64(all) - float64(chance)) / (of - float64(chance)), true
}
