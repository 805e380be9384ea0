package indicator

import (
	"strings"
	"testing"
)

// The addresses are the examples of BIP 13, 173 and 350, that of the genesis block, and the one in
// the documentation of CryptoTron (TRON).
func TestBitcoinAndTronAddresses(t *testing.T) {
	for _, test := range []struct {
		address string
		version int // -1: not an address
	}{
		{"1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", versionBitcoinKey},
		{"1111111111111111111114oLvT2", versionBitcoinKey}, // twenty zero bytes
		{"3P14159f73E4gFr7JterCCQh9QjiTjiZrG", versionBitcoinScript},
		{"TQHgMpVzWkhSsRB4BzZgmV8uW4cFL8eaBr", versionTron},
		{"TQHgMpVzWkhSsRB4BzZgmV8uW4cFL8eaBs", -1},
		{"1A1zP1eP5QGefi2DMPTfTL5SLmv7Divfna", -1},
		{"A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", -1},
		{"11111111111111111111114oLvT2", -1}, // one byte too many
		{"TQHgMpVzWkhSsRB4BzZgmV8uW4cFL8ea0O", -1},
		{"", -1},
		{strings.Repeat("z", 80), -1},
	} {
		got := -1
		if version, ok := base58Version(test.address); ok {
			got = int(version)
		}
		if got != test.version {
			t.Errorf("%s: version %d, want %d", test.address, got, test.version)
		}
	}
}

func TestSegwitAddresses(t *testing.T) {
	for address, want := range map[string]bool{
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4":                                 true, // BIP 173
		"bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": true, // BIP 350
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0":             true,
		"bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5":                                 false, // checksum
		"bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd":             false, // bech32 instead of bech32m
		"bc1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut":             false, // bech32m instead of bech32
		"bc1rw5uspcuh":                               false, // program too short
		"bc1qr508d6qejxtdg4y5r3zarvaryvqyzf3du":      false, // version 0 of 16 bytes
		"tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx": false, // test net
		"bc1gmk9yu": false, // empty
	} {
		if got := isSegwit(address); got != want {
			t.Errorf("%s: %t", address, got)
		}
	}
}

// The addresses in mixed case are those of EIP-55.
func TestEthereumAddresses(t *testing.T) {
	for _, address := range []string{
		"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
		"dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB", "D1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
	} {
		for _, spelling := range []string{address, strings.ToLower(address), strings.ToUpper(address)} {
			if got, ok := ethereumAddress(spelling); !ok || got != "0x"+address {
				t.Errorf("%s: %s %t", spelling, got, ok)
			}
		}
	}
	for _, wrong := range []string{
		"5aaeb6053F3E94C9b9A09f33669435E7Ef1BeAed", strings.Repeat("0", 40), "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "zaAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "",
	} {
		if got, ok := ethereumAddress(wrong); ok {
			t.Errorf("%q passes as %s", wrong, got)
		}
	}
}

// Card numbers are the schemes' published test numbers and made-up ones.
func TestBankCards(t *testing.T) {
	for digits, want := range map[string]bool{
		"4111111111111111":     true,
		"5555555555554444":     true,
		"3530111333300000":     true,
		"6200000000000005":     true,
		"6222020000000000005":  false,
		"4111111111111112":     false,
		"1234567812345670":     false, // no issuer begins like this
		"411111111111111":      false, // too short
		"62000000000000000003": false, // too long
	} {
		if got := isBankCard(digits); got != want {
			t.Errorf("%s: %t", digits, got)
		}
	}
}
