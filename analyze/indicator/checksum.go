package indicator

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"golang.org/x/crypto/sha3"
)

const base58Alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"

// Version bytes of base58check addresses. All addresses have 21 bytes and a checksum of 4.
const (
	versionBitcoinKey    = 0x00 // P2PKH, begins with 1
	versionBitcoinScript = 0x05 // P2SH (BIP 13), begins with 3
	versionTron          = 0x41 // begins with T
	addressBytes         = 21
	checkBytes           = 4
)

// base58Version decodes an address in base58check and returns its version byte. ok is false if it
// does not have 21 bytes or the checksum is wrong.
func base58Version(s string) (version byte, ok bool) {
	var decoded [addressBytes + checkBytes]byte
	for i := range len(s) {
		carry := strings.IndexByte(base58Alphabet, s[i])
		if carry < 0 {
			return 0, false
		}
		for j := len(decoded) - 1; j >= 0; j-- {
			carry += int(decoded[j]) * 58
			decoded[j] = byte(carry)
			carry >>= 8
		}
		if carry != 0 {
			return 0, false
		}
	}
	// Each leading 1 stands for a byte 0, so that a short text does not pass for a padded address.
	ones := len(s) - len(strings.TrimLeft(s, "1"))
	zeros := 0
	for zeros < len(decoded) && decoded[zeros] == 0 {
		zeros++
	}
	if ones != zeros {
		return 0, false
	}
	first := sha256.Sum256(decoded[:addressBytes])
	second := sha256.Sum256(first[:])
	return decoded[0], string(second[:checkBytes]) == string(decoded[addressBytes:])
}

const (
	bech32Alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
	bech32Check    = 6          // characters of the checksum
	bech32Const    = 1          // BIP 173, witness version 0
	bech32mConst   = 0x2bc830a3 // BIP 350, witness versions 1 to 16
)

// isSegwit reports whether s, in lower case, is an address of Bitcoin's main net by BIP 173 or BIP
// 350.
func isSegwit(s string) bool {
	const prefix = "bc1"
	data, ok := strings.CutPrefix(s, prefix)
	if !ok || len(s) > 90 || len(data) < 1+bech32Check {
		return false
	}
	sum := uint32(1)
	for _, v := range []byte{'b' >> 5, 'c' >> 5, 0, 'b' & 31, 'c' & 31} {
		sum = bech32Step(sum, v)
	}
	values := make([]byte, len(data))
	for i := range len(data) {
		v := strings.IndexByte(bech32Alphabet, data[i])
		if v < 0 {
			return false
		}
		values[i] = byte(v)
		sum = bech32Step(sum, byte(v))
	}
	version := values[0]
	length, ok := witnessLength(values[1 : len(values)-bech32Check])
	switch {
	case !ok || version > 16:
		return false
	case version == 0:
		return sum == bech32Const && (length == 20 || length == 32)
	}
	return sum == bech32mConst && length >= 2 && length <= 40
}

func bech32Step(sum uint32, v byte) uint32 {
	top := sum >> 25
	sum = sum&0x1ffffff<<5 ^ uint32(v)
	for i, g := range [...]uint32{0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3} {
		if top>>i&1 == 1 {
			sum ^= g
		}
	}
	return sum
}

// witnessLength returns the number of bytes in groups of five bits. The padding must be zero and
// shorter than a group.
func witnessLength(groups []byte) (int, bool) {
	bits := len(groups) * 5
	padding := bits % 8
	if padding >= 5 || len(groups) == 0 || groups[len(groups)-1]&(1<<padding-1) != 0 {
		return 0, false
	}
	return bits / 8, true
}

// ethereumAddress returns 40 hexadecimal digits in the spelling of EIP-55. If upper and lower case
// are mixed, they must be right. By the standard, an address all in lower or all in upper case has
// no checksum and passes. Nobody owns the zero address.
func ethereumAddress(digits string) (string, bool) {
	lower := strings.ToLower(digits)
	if raw, err := hex.DecodeString(lower); err != nil || len(raw) != 20 || strings.Trim(lower, "0") == "" {
		return "", false
	}
	hash := sha3.NewLegacyKeccak256()
	hash.Write([]byte(lower))
	sum := hex.EncodeToString(hash.Sum(nil))
	spelt := []byte(lower)
	for i, c := range spelt {
		if c >= 'a' && sum[i] >= '8' {
			spelt[i] = c - 'a' + 'A'
		}
	}
	if digits != lower && digits != strings.ToUpper(digits) && digits != string(spelt) {
		return "", false
	}
	return "0x" + string(spelt), true
}

// isBankCard reports whether the digits have the length of a card, begin like those of an issuer,
// and have the check digit of ISO/IEC 7812-1 (Luhn).
func isBankCard(digits string) bool {
	return len(digits) >= 16 && len(digits) <= 19 && isIssuer(digits) && luhn(digits)
}

// isIssuer knows how the cards in use in China begin: UnionPay, the older domestic series 95, and
// the international schemes (16 digits).
func isIssuer(digits string) bool {
	four := digits[:4]
	switch {
	case digits[:2] == "62", digits[:2] == "95", digits[:2] == "60", digits[:2] == "68":
		return true
	case len(digits) != 16:
		return false
	case digits[0] == '4', four >= "5100" && four <= "5599", four >= "2221" && four <= "2720", four >= "3528" && four <= "3589":
		return true
	}
	return false
}

func luhn(digits string) bool {
	sum := 0
	for i := range len(digits) {
		n := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			if n *= 2; n > 9 {
				n -= 9
			}
		}
		sum += n
	}
	return sum%10 == 0
}

// isResidentID reports whether s is a resident identity number (GB 11643-1999): 17 digits with a
// date of birth, and a check character, X in lower case. Such a number must never become an
// indicator, however it is spelt.
func isResidentID(s string) bool {
	if len(s) != 18 {
		return false
	}
	if _, err := time.Parse("20060102", s[6:14]); err != nil {
		return false
	}
	sum := 0
	for i, weight := range [...]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
		sum += weight * int(s[i]-'0')
	}
	return "10x98765432"[sum%11] == s[17]
}
