//go:build !linux

package document

import "github.com/qianshao/qianshao"

// PDF reads nothing on this system: only on Linux can the memory of a PDF reader
// be limited before it is given a byte.
func PDF([]byte) (text []byte, err error) { return nil, qianshao.UnreadPDF }
