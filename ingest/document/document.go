// Package document extracts the text from documents that are not text: PDF, by
// pdftotext in a separate process, and Office. An error is a qianshao.Unread;
// the text that was read before it is returned with it.
package document

// MaxText bounds the text of one document; a text file has the same bound.
const MaxText = 32 << 20
