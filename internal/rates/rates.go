// Package rates computes the confidence interval of a share from a small sample, and the agreement of two
// people's answers to the same questions.
package rates

import "math"

// Wilson returns the ends of the 95 % confidence interval of the share n of all. It is Wilson's
// score interval (E. B. Wilson, 1927), which unlike the normal approximation is meaningful even if
// n is 0 or all is small. If all is 0, nothing is known, and the interval is from 0 to 1.
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

// Kappa returns Cohen's kappa (J. Cohen, 1960): how much two people's answers agree beyond chance,
// from 1 for complete agreement to 0 for no more than chance. table has the number of times that
// each pair of a first and a second answer was given. ok is false if kappa is undefined: there are
// no answers, or all are the same one, so that chance alone explains the agreement.
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
	chance := 0 // in units of 1/all²
	for answer, n := range first {
		chance += n * second[answer]
	}
	if chance == all*all { // also true if all is 0
		return 0, false
	}
	of := float64(all) * float64(all)
	return (float64(same)*float64(all) - float64(chance)) / (of - float64(chance)), true
}
