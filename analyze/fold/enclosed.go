package fold

import "unicode/utf8"

// smallCapitals pairs letters that Unicode counts as phonetic symbols, and for which it gives no
// decomposition, with the letters that they show.
const smallCapitals = "ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpꞯqʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz"

// squaredWords are the words of U+1F18B–1F18F and U+1F191–1F19A.
const (
	squaredFirst = 0x1f18b
	squaredLast  = 0x1f19a
)

func squaredWord(r rune) string {
	words := [squaredLast - squaredFirst + 1]string{
		"ic", "pa", "sa", "ab", "wc", "", "cl", "cool", "free", "id", "new", "ng", "ok", "sos", "up", "vs",
	}
	return words[r-squaredFirst]
}

const (
	letters = "abcdefghijklmnopqrstuvwxyz"
	numbers = "1234567891011121314151617181920" // 1 to 9 have one digit each, the others two
)

// enclosed returns what a circled, squared or small-capital sign without a compatibility
// decomposition shows, or "" for any other character.
func enclosed(r rune) (string, Step) {
	letter := func(first rune) (string, Step) { return letters[r-first : r-first+1], StepEnclosed }
	number := func(first rune, one int) (string, Step) { return numberWord(int(r-first) + one), StepEnclosed }
	switch {
	case r < 0x250:
		return "", 0
	case r >= 0x1f150 && r <= 0x1f169: // 🅐
		return letter(0x1f150)
	case r >= 0x1f170 && r <= 0x1f189: // 🅰
		return letter(0x1f170)
	case r >= 0x1f1e6 && r <= 0x1f1ff: // regional indicators
		return letter(0x1f1e6)
	case r >= 0x2776 && r <= 0x277f: // ❶
		return number(0x2776, 1)
	case r >= 0x2780 && r <= 0x2789: // ➀
		return number(0x2780, 1)
	case r >= 0x278a && r <= 0x2793: // ➊
		return number(0x278a, 1)
	case r >= 0x24eb && r <= 0x24f4: // ⓫
		return number(0x24eb, 11)
	case r >= 0x24f5 && r <= 0x24fe: // ⓵
		return number(0x24f5, 1)
	case r == 0x24ff || r == 0x1f10b || r == 0x1f10c: // ⓿ 🄋 🄌
		return "0", StepEnclosed
	case r >= squaredFirst && r <= squaredLast:
		return squaredWord(r), StepEnclosed
	case r < 0x1e00 || r >= 0xa700 && r < 0xa800:
		return smallCapital(r), StepStyled
	}
	return "", 0
}

func numberWord(n int) string {
	if n < 10 {
		return numbers[n-1 : n]
	}
	at := 9 + 2*(n-10)
	return numbers[at : at+2]
}

func smallCapital(r rune) string {
	if r < 0x250 || r > 0x2af && r < 0x1d00 || r > 0x1d7f && r < 0xa700 || r > 0xa7ff {
		return "" // outside the blocks that have small capitals
	}
	for i := 0; i < len(smallCapitals); {
		c, n := utf8.DecodeRuneInString(smallCapitals[i:])
		if c == r {
			return smallCapitals[i+n : i+n+1]
		}
		i += n + 1
	}
	return ""
}
