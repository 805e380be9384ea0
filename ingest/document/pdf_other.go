//go:build !linux

package document

import "github.com/qianshao/qianshao"

// PDF reads nothing here: only on Linux can a reader of PDF be bounded in memory
// before it is given a byte.
func PDF([]byte) (text []byte, err error) { return nil, qianshao.UnreadPDF }
