package picture

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"os/exec"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/qianshao/qianshao/internal/confined"
)

// Bounds of the child that reads one picture.
const (
	// maxTime is some three times what the largest permitted picture takes if it is full of text.
	maxTime = 60 * time.Second
	// maxMemory is five times what such a picture takes.
	maxMemory = 512 << 20
	// maxOutput bounds the child's output for a picture: a line for each word.
	maxOutput = 1 << 20
	// leastConfidence is the confidence, in per cent, that the child must have in a word.
	// Words that it sees in patterns and faces are mostly below it.
	leastConfidence = 60
	// maxComplaint bounds what is kept of the child's standard error.
	maxComplaint = 200
)

// ErrNoOCR is returned by NewOCR if there is no tesseract that reads Chinese.
var ErrNoOCR = errors.New("text in pictures is not read: there is no tesseract with Chinese (Debian: tesseract-ocr, tesseract-ocr-chi-sim)")

// OCR reads text in pictures. It is safe for concurrent use, and reads one picture at a
// time: each takes a core and hundreds of megabytes.
type OCR struct {
	program confined.Program
	turn    chan struct{}
}

// NewOCR looks for tesseract and its Chinese data; without them the error is ErrNoOCR.
func NewOCR(ctx context.Context) (*OCR, error) {
	path, err := exec.LookPath("tesseract")
	if err != nil {
		return nil, ErrNoOCR
	}
	o := &OCR{
		turn: make(chan struct{}, 1),
		program: confined.Program{
			Path: path, Env: []string{"LC_ALL=C", "OMP_THREAD_LIMIT=1"}, Time: maxTime, Memory: maxMemory, Output: maxOutput,
		},
	}
	languages := o.program
	languages.Args = []string{"--list-langs"}
	said, err := languages.Run(ctx, nil, &complaint{})
	if err != nil || !bytes.Contains(said, []byte("\nchi_sim\n")) {
		return nil, ErrNoOCR
	}
	o.program.Args = []string{"stdin", "stdout", "-l", "chi_sim", "--psm", "3", "tsv"}
	return o, nil
}

// Text returns the text of a picture, line by line; words of low confidence are left out.
func (o *OCR) Text(ctx context.Context, grey *image.Gray) (string, error) {
	select {
	case o.turn <- struct{}{}:
		defer func() { <-o.turn }()
	case <-ctx.Done():
		return "", ctx.Err()
	}
	said := &complaint{}
	table, err := o.program.Run(ctx, graymap(grey), said)
	if err != nil {
		return "", fmt.Errorf("tesseract: %w: %s", err, said)
	}
	return textOf(string(table)), nil
}

// graymap writes a picture in the simplest format there is, so that the child's PNG and
// JPEG decoders never see a stranger's bytes.
func graymap(grey *image.Gray) []byte {
	header := fmt.Sprintf("P5\n%d %d\n255\n", grey.Rect.Dx(), grey.Rect.Dy())
	return append([]byte(header), grey.Pix...)
}

// textOf reads tesseract's table: level, page, block, paragraph, line, word, left, top, width, height,
// confidence, text. Chinese words are joined, since tesseract separates each character.
func textOf(table string) string {
	var text strings.Builder
	line := ""
	for row := range strings.Lines(table) {
		fields := strings.SplitN(strings.TrimRight(row, "\n"), "\t", 12)
		if len(fields) < 12 {
			continue
		}
		confidence, err := strconv.ParseFloat(fields[10], 64)
		word := strings.TrimSpace(strings.ToValidUTF8(fields[11], ""))
		if err != nil || confidence < leastConfidence || word == "" {
			continue
		}
		if at := strings.Join(fields[1:5], " "); at != line && text.Len() > 0 {
			text.WriteByte('\n')
			line = at
		} else if line = at; apart(text.String(), word) {
			text.WriteByte(' ')
		}
		text.WriteString(word)
	}
	return text.String()
}

// apart says whether a space belongs between a text and its next word.
func apart(before, word string) bool {
	last, _ := utf8.DecodeLastRuneInString(before)
	first, _ := utf8.DecodeRuneInString(word)
	return before != "" && last < unicode.MaxLatin1 && first < unicode.MaxLatin1
}

// complaint is the beginning of what the child writes to standard error; a hostile
// picture can make it write any amount.
type complaint struct{ text []byte }

func (c *complaint) Write(p []byte) (int, error) {
	c.text = append(c.text, p[:min(len(p), maxComplaint-len(c.text))]...)
	return len(p), nil
}

func (c *complaint) String() string {
	return strings.TrimSpace(strings.ToValidUTF8(string(c.text), ""))
}
