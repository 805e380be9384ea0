// Package syntax is the rule language as it is written: it parses the files of a rule set, reports
// mistakes with line and column, and formats rules.
//
// A rule is one YAML file, rules/<folder>/<id>.yaml:
//
//	title: 线上赌场推广
//	id: gambling-casino-promotion # a-z 0-9 -, the same as the file's name
//	status: stable # stable, test, experimental, deprecated
//	description: 网页以开户彩金招揽访客到线上赌场投注。
//	author: Qianshao # optional
//	date: 2026-11-23
//	modified: 2026-12-01 # optional, not before date
//	references: # optional
//	  - https://…
//	tags: # optional
//	  - promotion
//	category: gambling # from the closed list of qianshao.Categories
//	level: high # informational, low, medium, high, critical
//	legal_basis:
//	  - 刑法第三百零三条（开设赌场罪）
//	falsepositives:
//	  - 警方通报
//	detection:
//	  brand: # a block: any of lists, patterns, terms, regex
//	    lists:
//	      - casino-brands
//	  offer:
//	    terms:
//	      - 注册送
//	      - 首存优惠 | 2 # a weight, default 1
//	    patterns: # what files of patterns/ look for
//	      - contact-account
//	    regex:
//	      - \d{2,4}\s*元\s*彩金
//	    regions: # default: all kinds except url
//	      - title
//	      - text
//	    hidden: true # true: concealed only; false: visible only; default: both
//	    min_chars: 4 # only in regions of at least this many characters
//	    max_chars: 140 # only in regions of at most this many characters
//	    word: true # hits have to begin and end at word boundaries
//	    plain: true # heavily disguised hits do not count
//	    min: 2 # the weights of distinct terms must add up to this, default 1
//	    within: 60 # and do so within this many characters of one region
//	    except: # a hit inside one of these does not count
//	      - 六合区
//	  short_offer: {like: offer, min: 1, max_chars: 20} # an earlier block with other bounds
//	  condition: brand and (offer or short_offer)
//	tests: # at least one of each kind
//	  - {text: 澳门新葡京开户，注册送88元彩金, expect: fires, why: 牌子加优惠}
//	  - {html: <p>六合区图书馆周末开放</p>, expect: quiet}
//
// A condition has and, or, not, parentheses, "2 of (a, b, c)", "any of offer*", "all of them" and
// "a near/20 b", which means that a hit of a and a hit of b are in the same region with at most 20
// folded characters between them. "away/20 c" after a block or a near leaves out those hits of the
// first block that have a hit of c within that distance. So an excuse beside one advertisement does
// not excuse another one.
//
// A block that has max_chars or min_chars, but neither lists, patterns, terms nor regex, looks for
// nothing: it represents the regions of that length. "sure near/0 brief" asks for a hit of sure in
// such a region. "brief" by itself asks whether the page has such a region, which means little
// except in a message. Such a block gives no evidence and corroborates nothing.
//
// Terms and excepts are looked for in the folded text (package fold), so disguised forms match. A
// regular expression (RE2) runs on the region's own text. If it has no match there, it runs on the
// folded text, which is in lower case and without separators. Write (?i) to match both cases.
//
// "hidden: true" asks for text that is hidden from visitors on purpose (Hiding.Concealed). Comments,
// inline scripts, noscript and templates count as neither hidden nor visible; blocks without the key
// hidden read them.
//
// Concealed text is also judged by itself: a rule fires if its condition holds on the whole page or
// on the concealed text alone. So no word of a hacked page excuses what was hidden in it.
//
// A hit that differs much from its term (match.CostDisguised) needs corroboration: plain hits
// satisfy another block of the same rule, a contact handle is near, or the region is concealed. The
// difference is relative to the term's length, so one unusual character is enough in a term of two,
// but not in a term of five. On a long page, another block is not enough corroboration: among many
// words some sound like any term.
//
// A word list, lists/<name>.txt, has one term per line, with an optional weight after a bar:
// "注册送彩金 | 3". Lines that begin with # are comments. A pattern, patterns/<name>.yaml, has name,
// description, tests, and any of lists, terms, regex and except; they count in a block that names
// the pattern as if they were written there. An awareness context, contexts/<name>.yaml, has name,
// title, description, detection (with its condition) and lowers, the number of points that it takes
// off a score. Contexts read only visible text and ignore disguised hits, since somebody who plants
// a police notice to evade detection hides it.
package syntax
