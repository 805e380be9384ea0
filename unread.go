package qianshao

import "strings"

// Unread is a named reason for which an input of a scan, or a part of it, was not
// read: nobody may call it clean. Each is explained in docs/operations.md.
type Unread string

const (
	// UnreadPDF: a PDF where no program can be kept within bounds, or inside a WARC file.
	UnreadPDF Unread = "pdf"
	// UnreadNoPdftotext: a PDF, on a machine without poppler-utils.
	UnreadNoPdftotext Unread = "pdftotext_is_missing"
	// UnreadNoPopplerData: a PDF whose Chinese cannot be read without poppler-data.
	UnreadNoPopplerData Unread = "poppler_data_is_missing"
	// UnreadNoText: a document without text, such as one of scanned pictures.
	UnreadNoText Unread = "no_text"
	// UnreadTooCostly: a document that took more time or memory than it may.
	UnreadTooCostly Unread = "too_costly"
	// UnreadOffice: a document of an older Office format, or RTF.
	UnreadOffice Unread = "office_document"
	// UnreadArchive: an archive of a kind that is not opened, or inside a WARC file.
	UnreadArchive Unread = "archive"
	// UnreadNested: an archive inside an archive that is itself inside one.
	UnreadNested Unread = "nested_too_deep"
	// UnreadFiles: an archive with more files than are read.
	UnreadFiles Unread = "too_many_files"
	// UnreadExpands: an archive that expands further than files of a site do.
	UnreadExpands Unread = "expands_too_far"
	// UnreadPacking: a file of an archive, compressed by an unsupported method.
	UnreadPacking Unread = "unknown_packing"
	// UnreadEncrypted: it cannot be read without its password.
	UnreadEncrypted Unread = "encrypted"
	// UnreadDamaged: an archive or a document that does not hold what its format asks for.
	UnreadDamaged Unread = "damaged"
	UnreadPicture Unread = "picture"
	UnreadMedia   Unread = "media"
	UnreadFont    Unread = "font"
	UnreadProgram Unread = "program"
	// UnreadBinary: neither text nor a known format.
	UnreadBinary Unread = Unread(NoteBinary)
	// UnreadTruncated: longer than is read, or cut off.
	UnreadTruncated Unread = Unread(NoteTruncated)
	// UnreadRegions: a page with more regions than are kept.
	UnreadRegions Unread = Unread(NoteTooMany)
	// UnreadRules: a page that is written so that regular expressions of rules are too
	// costly to be run on all of it.
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

// Words says the reason for people: "pdftotext is missing".
func (u Unread) Words() string { return strings.ReplaceAll(string(u), "_", " ") }

// Error makes a reason the error of what could not read the input.
func (u Unread) Error() string { return "not read: " + u.Words() }
