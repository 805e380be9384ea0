package qianshao

import (
	"net/url"
	"slices"
	"strings"
)

// maxReadings bounds the readings of one path. Paths of real sites have one to
// six; a path with more than maxReadings was made to confuse, and counts as excluded.
const maxReadings = 32

// servedAs are the changes that servers make to a path before they look for the file. Each server
// makes some of them, in its own order.
var servedAs = []func(string) string{
	decoded,            // most; a proxy in front may do it again
	mergedSlashes,      // nginx, Apache
	withoutDots,        // all, some before decoding and some after
	withoutParameters,  // Tomcat and Jetty, /a;x=1/b
	withoutBackslashes, // IIS
	withoutTails,       // Windows' file systems, /a./b and /a%20/b
}

// readings returns the paths that a server might read an escaped path as, beginning with the path
// itself. ok is false if there are more than maxReadings.
func readings(escaped string) (list []string, ok bool) {
	list = []string{escaped}
	if isPlain(escaped) {
		return list, true // the usual case, and this runs for every link
	}
	for i := 0; i < len(list); i++ {
		for _, read := range servedAs {
			if other := read(list[i]); !slices.Contains(list, other) {
				if len(list) == maxReadings {
					return nil, false
				}
				list = append(list, other)
			}
		}
	}
	return list, true
}

// isPlain says whether a path can be read in one way only.
func isPlain(path string) bool {
	return !strings.ContainsAny(path, "%;\\ ") && !strings.Contains(path, "//") &&
		!strings.Contains(path, "./") && !strings.HasSuffix(path, ".")
}

// excluding returns path prefixes in every way that a server might read them, in lower case,
// because some servers serve /PRIVATE/ from /private/.
func excluding(prefixes []string) (all []string) {
	for _, prefix := range prefixes {
		asServed, ok := readings(prefix)
		if !ok {
			asServed = []string{prefix}
		}
		for _, reading := range asServed {
			all = append(all, strings.ToLower(reading))
		}
	}
	return all
}

// including returns path prefixes as they are written and with escapes decoded. Any further reading
// would include paths that nobody has permitted.
func including(prefixes []string) (all []string) {
	for _, prefix := range prefixes {
		all = append(all, prefix, decoded(prefix))
	}
	return all
}

// begins says whether path begins with one of the prefixes.
func begins(path string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(path, prefix) })
}

// decoded undoes every escape once; a broken one is left as it is, as servers do.
func decoded(path string) string {
	if plain, err := url.PathUnescape(path); err == nil {
		return plain
	}
	var b strings.Builder
	for i := 0; i < len(path); {
		if plain, err := url.PathUnescape(path[i:min(i+len("%2F"), len(path))]); path[i] == '%' && err == nil {
			b.WriteString(plain)
			i += len("%2F")
			continue
		}
		b.WriteByte(path[i])
		i++
	}
	return b.String()
}

func mergedSlashes(path string) string {
	for strings.Contains(path, "//") {
		path = strings.ReplaceAll(path, "//", "/")
	}
	return path
}

func withoutDots(p string) string {
	if !strings.Contains(p, "./") && !strings.HasSuffix(p, ".") {
		return p
	}
	var kept []string
	segments := strings.Split(strings.TrimPrefix(p, "/"), "/")
	for i, segment := range segments {
		last := i == len(segments)-1
		switch segment {
		case ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
			continue
		}
		if last {
			kept = append(kept, "") // "/a/.." is the folder "/"
		}
	}
	return "/" + strings.Join(kept, "/")
}

func withoutParameters(path string) string {
	return eachSegment(path, func(segment string) string {
		name, _, _ := strings.Cut(segment, ";")
		return name
	})
}

func withoutBackslashes(path string) string { return strings.ReplaceAll(path, `\`, "/") }

func withoutTails(p string) string {
	return eachSegment(p, func(segment string) string {
		if strings.Trim(segment, ".") == "" {
			return segment // "." and ".." are places, not names
		}
		return strings.TrimRight(segment, ". ")
	})
}

func eachSegment(path string, change func(string) string) string {
	segments := strings.Split(path, "/")
	for i := range segments {
		segments[i] = change(segments[i])
	}
	return strings.Join(segments, "/")
}
