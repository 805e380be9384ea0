package robots

import "strings"

// Bounds of what is kept of X-Robots-Tag, of which a header can hold 256 KB.
const (
	maxTags = 16
	maxTag  = 200
)

// Tags returns what the values of X-Robots-Tag say to agent, one string for
// each value, in their order: "noindex, nofollow". A value may name the agent
// that it is meant for ("googlebot: noindex"), proxies join several values with
// commas, and a directive may itself contain a colon ("unavailable_after: …").
func Tags(values []string, agent string) []string {
	var tags []string
	for _, value := range values {
		if len(tags) == maxTags {
			break
		}
		tag := addressed(value, agent)
		if tag = strings.ToValidUTF8(tag[:min(len(tag), maxTag)], ""); tag != "" {
			tags = append(tags, tag)
		}
	}
	return tags
}

// addressed returns the directives of one value that are for agent.
func addressed(value, agent string) string {
	var ours []string
	forUs := true // until an agent is named
	for part := range strings.SplitSeq(value, ",") {
		part = strings.TrimSpace(part)
		if name, rest, ok := strings.Cut(part, ":"); ok && isAgent(name) {
			forUs = name == "*" || strings.EqualFold(name, agent)
			part = strings.TrimSpace(rest)
		}
		if forUs && part != "" {
			ours = append(ours, part)
		}
	}
	return strings.Join(ours, ", ")
}

// isAgent says whether the word before a colon is an agent, not a directive
// with a value or a piece of a date.
func isAgent(name string) bool {
	switch strings.ToLower(name) {
	case "unavailable_after", "max-snippet", "max-image-preview", "max-video-preview":
		return false
	}
	return name == "*" || ValidAgent(name)
}
