package evaluate

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
)

// Sets of messages are published with placeholders for anything that could identify a person. The
// rules judge real text, so each placeholder is replaced by a value of its kind; otherwise a rule
// would have to look for the word CELLPHONE.

// placeholder matches one of them. In the sets WECHAT and QQ mean the word and an account, BANK the
// number of a card.
var placeholder = regexp.MustCompile(`CELLPHONE|HOTLINE|PHONE|WECHAT|DIGIT|PLACE|NAME|BANK|URL|QQ`)

// capitals matches a run of capital letters, which is replaced only if it consists of placeholders:
// IPHONE contains PHONE but is not one.
var capitals = regexp.MustCompile(`[A-Z]+`)

// holdsPlaceholders says whether a set uses placeholders. In other sets URL and QQ are ordinary
// words.
func holdsPlaceholders(content []byte) bool {
	return bytes.Contains(content, []byte("CELLPHONE")) && bytes.Contains(content, []byte("DIGIT"))
}

// expand replaces the placeholders of a text, each time with the same values.
func expand(text string) string {
	random := values{rand.NewChaCha8(sha256.Sum256([]byte(text)))}
	return capitals.ReplaceAllStringFunc(text, func(run string) string {
		if placeholder.ReplaceAllString(run, "") != "" {
			return run
		}
		words := placeholder.FindAllString(run, -1)
		for i, word := range words {
			words[i] = random.of(word)
		}
		return strings.Join(words, " ")
	})
}

// values makes up values. ChaCha8 is a published algorithm, so its numbers do not change with the
// version of Go.
type values struct{ *rand.ChaCha8 }

func (v values) of(placeholder string) string {
	switch placeholder {
	case "CELLPHONE":
		return "1" + v.from("3", "5", "7", "8", "9") + v.digits(9)
	case "PHONE":
		return v.from("010", "021", "0571", "0755") + "-" + v.from("6", "8") + v.digits(7)
	case "HOTLINE":
		return "400" + v.digits(7)
	case "WECHAT":
		return "微信 " + v.syllables(2) + v.digits(4)
	case "QQ":
		return "QQ " + v.from("1", "2", "3") + v.digits(8)
	case "BANK":
		card := v.from("622202", "622848", "621700", "621661") + v.digits(12)
		return card + checkDigit(card)
	case "URL":
		// Rules treat digits and rare endings in a domain as evidence. Whether the original
		// text had such a domain is lost, so this one is neutral.
		return "www." + v.syllables(3) + v.from(".com", ".cn")
	case "NAME":
		return v.from("王", "李", "张", "刘", "陈") + v.from("建国", "志强", "卫东")
	case "PLACE":
		return v.from("杭州", "成都", "武汉", "南京", "长沙")
	}
	return v.from("1", "2", "3", "5", "8") + v.digits(1+int(v.Uint64()%3)) // DIGIT
}

func (v values) from(choices ...string) string { return choices[v.Uint64()%uint64(len(choices))] }

func (v values) digits(n int) string {
	var b strings.Builder
	for range n {
		fmt.Fprint(&b, v.Uint64()%10)
	}
	return b.String()
}

func (v values) syllables(n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(v.from("ba", "da", "hua", "jia", "luo", "mei", "tai", "xia", "yi", "yue"))
	}
	return b.String()
}

// checkDigit returns the last digit of a card number by Luhn's algorithm.
func checkDigit(number string) string {
	sum := 0
	for i := range len(number) {
		d := int(number[len(number)-1-i] - '0')
		if i%2 == 0 {
			d *= 2
		}
		sum += d/10 + d%10
	}
	return fmt.Sprint((10 - sum%10) % 10)
}
