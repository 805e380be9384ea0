// Package headlines generates varied Chinese text and long lists of terms for benchmarks. Words are
// as frequent as in real text, according to the shipped dictionary. A single repeated sentence
// would stay in the caches and train the branch predictor, so that a matcher would look up to five
// times as fast. The same seed gives the same text.
package headlines

import (
	"bufio"
	"cmp"
	"compress/gzip"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

// Words are the words of a dictionary with their frequencies.
type Words struct {
	words []string
	sums  []uint64 // of the frequencies up to and including each word
}

// Open reads a gzipped dictionary, with a word and its frequency on each line.
func Open(name string) (*Words, error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return read(file)
}

// ForBenchmark opens a dictionary, and returns text to measure with: headlines of at least size bytes, or
// the contents of the file named by QIANSHAO_BENCH_TEXT.
func ForBenchmark(b testing.TB, dictionary string, size int) (w *Words, text string) {
	b.Helper()
	w, err := Open(dictionary)
	if err != nil {
		b.Fatal(err)
	}
	text = w.Text(1, size)
	if name := os.Getenv("QIANSHAO_BENCH_TEXT"); name != "" {
		content, err := os.ReadFile(name)
		if err != nil {
			b.Fatal(err)
		}
		text = string(content)
	}
	return w, text
}

func read(dictionary io.Reader) (*Words, error) {
	zip, err := gzip.NewReader(dictionary)
	if err != nil {
		return nil, fmt.Errorf("open the dictionary: %w", err)
	}
	type entry struct {
		word  string
		count uint64
	}
	var entries []entry
	lines := bufio.NewScanner(zip)
	for lines.Scan() {
		word, count, _ := strings.Cut(lines.Text(), " ")
		n, err := strconv.ParseUint(count, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("line %q of the dictionary: %w", lines.Text(), err)
		}
		if isChinese(word) {
			entries = append(entries, entry{word, n})
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read the dictionary: %w", err)
	}
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Or(cmp.Compare(b.count, a.count), cmp.Compare(a.word, b.word)) })
	w := &Words{}
	sum := uint64(0)
	for _, e := range entries {
		sum += e.count
		w.words, w.sums = append(w.words, e.word), append(w.sums, sum)
	}
	return w, nil
}

func isChinese(word string) bool {
	return !strings.ContainsFunc(word, func(r rune) bool { return !unicode.Is(unicode.Han, r) })
}

// draw returns a word. Words of the same frequency are drawn equally often.
func (w *Words) draw(random *rand.Rand) string {
	at := random.Uint64N(w.sums[len(w.sums)-1])
	return w.words[sort.Search(len(w.sums), func(i int) bool { return w.sums[i] > at })]
}

// Text returns headlines of at least size bytes, one on each line. They have four to twelve words,
// and some have a number, a Latin word, a name or a comma.
func (w *Words) Text(seed uint64, size int) string {
	random := rand.New(rand.NewPCG(seed, 1))
	latin := [...]string{"A股", "NBA", "iPhone", "GDP", "AI", "5G", "CEO", "Q3", "vs", "LOL"}
	var b strings.Builder
	for b.Len() < size {
		for n := 4 + random.IntN(9); n > 0; n-- {
			b.WriteString(w.draw(random))
			switch random.IntN(60) {
			case 0:
				b.WriteString(strconv.Itoa(random.IntN(3000)))
			case 1:
				b.WriteString(latin[random.IntN(len(latin))])
			case 2:
				b.WriteString(name(random))
			case 3, 4, 5:
				b.WriteString("，")
			case 6, 7:
				b.WriteString(" ")
			case 8:
				b.WriteString("：")
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// Terms returns n different words of two to four characters, the most frequent first. If the
// dictionary does not have that many, pairs of its words are joined.
func (w *Words) Terms(n int) []string {
	terms := make([]string, 0, n)
	seen := map[string]bool{}
	add := func(word string) {
		if length := utf8.RuneCountInString(word); length >= 2 && length <= 4 && !seen[word] {
			seen[word] = true
			terms = append(terms, word)
		}
	}
	for i := 0; i < len(w.words) && len(terms) < n; i++ {
		add(w.words[i])
	}
	for random := rand.New(rand.NewPCG(2, 1)); len(terms) < n; {
		add(w.words[random.IntN(len(w.words))] + w.draw(random))
	}
	return terms
}

// Names returns n different names: three in four are of persons, one in four of companies.
func (w *Words) Names(n int) []string {
	random := rand.New(rand.NewPCG(3, 1))
	names := make([]string, 0, n)
	for seen := map[string]bool{}; len(names) < n; {
		made := name(random)
		if random.IntN(4) == 0 {
			made = w.company(random)
		}
		if !seen[made] {
			seen[made] = true
			names = append(names, made)
		}
	}
	return names
}

// The commonest surnames first, then characters of given names, of companies' names, and kinds of business.
// A tenth of the given names have one character.
const (
	surnames = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
	given    = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰红建文国志海春晓慧婷鑫宇欣雪梅云峰龙飞鹏浩然子轩梓涵思雨嘉怡诗琪佳俊泽博文昊天瑞晨曦若彤雅馨可心怀瑾书瑶宏毅正阳东升立新长福永贵家豪振邦少卿世昌秀珍凤仙淑贞庆丰德胜荣光耀祖景行凯旋安宁朝阳成林恩泽清源润生守仁望舒冠群承志济民友谊锦程绍辉维新"
	brands   = "华中国天金东新大海南信安德源盛鑫泰龙恒宏远达富兴瑞祥和美康利丰亿博通联创智云科嘉佳诚顺汇融众合百万宝银星辰光明凯捷锐鼎尚品优乐易佰仟"
	places   = "北京 上海 深圳 广州 杭州 成都 武汉 南京 厦门 西安 重庆 天津 苏州 青岛 长沙 郑州"
	trades   = "科技 贸易 投资 网络 信息 文化传媒 实业 物流 电子商务 金融 咨询 置业 生物 国际 资产管理 供应链"
	forms    = "有限公司 集团 公司 股份 中心"
)

var surnameRunes, givenRunes, brandRunes = []rune(surnames), []rune(given), []rune(brands)

// name returns a person's name. Half of them have one of the ten commonest surnames.
func name(random *rand.Rand) string {
	n := len(surnameRunes)
	if random.IntN(2) == 0 {
		n = 10
	}
	made := []rune{surnameRunes[random.IntN(n)], givenRunes[random.IntN(len(givenRunes))]}
	if random.IntN(10) > 0 {
		made = append(made, givenRunes[random.IntN(len(givenRunes))])
	}
	return string(made)
}

// company returns a company's name.
func (w *Words) company(random *rand.Rand) string {
	pick := func(list string) string { words := strings.Fields(list); return words[random.IntN(len(words))] }
	made := []rune{brandRunes[random.IntN(len(brandRunes))], brandRunes[random.IntN(len(brandRunes))]}
	if random.IntN(3) == 0 {
		made = append(made, brandRunes[random.IntN(len(brandRunes))])
	}
	name := string(made) + pick(trades)
	if random.IntN(2) == 0 {
		name = pick(places) + name
	}
	if random.IntN(3) > 0 {
		name += pick(forms)
	}
	return name
}
