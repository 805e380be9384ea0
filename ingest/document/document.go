// Package document draws the text out of documents that are not text: PDF, by
// pdftotext in a process of its own, and Office. An error is a qianshao.Unread;
// the text that came before it is returned with it.
package document

// MaxText bounds the text of one document, as a file of text is bounded.
const MaxText = 32 << 20
