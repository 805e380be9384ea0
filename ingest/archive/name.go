package archive

import (
	"path"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/simplifiedchinese"
)

// maxName is four times the longest file name of common file systems.
const maxName = 1024

// Shown makes a file's name inside an archive safe to show: Windows writes GBK and backslashes, and
// hostile names are absolute, lead out of the archive, reverse the text's direction or control the
// terminal. The name is never opened as a path.
func Shown(name string) string {
	if !utf8.ValidString(name) {
		if decoded, err := simplifiedchinese.GB18030.NewDecoder().String(name); err == nil {
			name = decoded
		}
	}
	name = strings.Map(func(r rune) rune {
		if !unicode.IsGraphic(r) {
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(strings.ReplaceAll(name, `\`, "/"), "\uFFFD"))
	name = strings.TrimPrefix(path.Clean("/"+name), "/")
	if name == "" {
		return "(no name)"
	}
	if len(name) > maxName {
		name = strings.ToValidUTF8(name[:maxName], "") + "…"
	}
	return name
}
