package qianshao

import "strings"

// Unread is a named reason why an input of a scan, or a part of it, was not read and so cannot be
// called clean. Each is explained in docs/operations.md.
type Unread string

const (
	// UnreadPDF: a PDF on a machine that cannot confine a program, or a PDF inside a WARC file.
	UnreadPDF Unread = "pdf"
	// UnreadNoPdftotext: a PDF, on a machine without poppler-utils.
	UnreadNoPdftotext Unread = "pdftotext_is_missing"
	// UnreadNoPopplerData: a PDF whose Chinese cannot be read without poppler-data.
	UnreadNoPopplerData Unread = "poppler_data_is_missing"
	// UnreadNoText: a document without text, such as one of scanned pictures.
	UnreadNoText Unread = "no_text"
	// UnreadTooCostly: a document that took more time or memory than permitted.
	UnreadTooCostly Unread = "too_costly"
	// UnreadOffice: a document of an older Office format, or RTF.
	UnreadOffice Unread = "office_document"
	// UnreadArchive: an archive of a kind that is not opened, or inside a WARC file.
	UnreadArchive Unread = "archive"
	// UnreadNested: an archive inside an archive inside an archive.
	UnreadNested Unread = "nested_too_deep"
	// UnreadFiles: an archive with too many files.
	UnreadFiles Unread = "too_many_files"
	// UnreadExpands: an archive that expands further than a site's files do.
	UnreadExpands Unread = "expands_too_far"
	// UnreadPacking: a file of an archive, compressed by an unsupported method.
	UnreadPacking Unread = "unknown_packing"
	// UnreadEncrypted: it cannot be read without its password.
	UnreadEncrypted Unread = "encrypted"
	// UnreadDamaged: an archive or a document that violates its format.
	UnreadDamaged Unread = "damaged"
	UnreadPicture Unread = "picture"
	UnreadMedia   Unread = "media"
	UnreadFont    Unread = "font"
	UnreadProgram Unread = "program"
	// UnreadBinary: neither text nor a known format.
	UnreadBinary Unread = Unread(NoteBinary)
	// UnreadTruncated: cut off, or longer than the limit.
	UnreadTruncated Unread = Unread(NoteTruncated)
	// UnreadRegions: a page with more regions than are kept.
	UnreadRegions Unread = Unread(NoteTooMany)
	// UnreadRules: a page on which the rules' regular expressions were too costly to run in full.
	UnreadRules Unread = Unread(NoteRuleBudget)
)

// Unreads returns every reason, for the documentation's test.
func Unreads() []Unread {
	return []Unread{
		UnreadPDF, UnreadNoPdftotext, UnreadNoPopplerData, UnreadNoText, UnreadTooCostly, UnreadOffice,
		UnreadArchive, UnreadNested, UnreadFiles, UnreadExpands, UnreadPacking, UnreadEncrypted, UnreadDamaged,
		UnreadPicture, UnreadMedia, UnreadFont, UnreadProgram, UnreadBinary, UnreadTruncated, UnreadRegions, UnreadRules,
	}
}

// Words returns the reason in words: "pdftotext is missing".
func (u Unread) Words() string { return strings.ReplaceAll(string(u), "_", " ") }

// Error makes a reason an error.
func (u Unread) Error() string { return "not read: " + u.Words() }
