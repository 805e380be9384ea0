package locale

import (
	"fmt"
	"strings"
)

// Mistake writes a mistake in an authorisation. The parser writes English; by its code and what
// stands in it the same is said in Chinese. A code that has no words here comes out as it was written.
func (l Lang) Mistake(code string, args []any, message string) string {
	chinese, ok := mistakesInChinese()[code]
	if l == English || !ok {
		return message
	}
	if !strings.Contains(chinese, "%[") { // a verb with a number is what keeps Sprintf from complaining of the rest
		return chinese
	}
	return fmt.Sprintf(chinese, args...)
}

// mistakesInChinese are the mistakes by code. Arguments are named by their number: not every one
// stands in the text.
func mistakesInChinese() map[string]string {
	return map[string]string{
		"id_blank": "编号 %[1]q 为空或含空格；给一个短名，例如 school-2026", "id_signs": "编号 %[1]q 只能用字母、数字、汉字和 . _ - @，以字母、数字或汉字开头，最多 %[2]d 个字符",
		"id_twice":    "编号 %[1]q 用了两次；发现按编号引用授权，不能重复",
		"blank_owner": "没有写责任单位；写明对站点负责的单位", "blank_basis": "没有写依据；写明法律条文或合同编号", "blank_contact": "没有写联系人；写明有发现时通知谁",
		"from_missing": "没有写生效日期；例如 2026-01-31", "until_missing": "没有写截止日期；例如 2026-12-31", "never": "截止日期不在生效日期之后，授权永远不会生效",
		"rate_bounds": "速率 %[1]v 超出范围；每秒 %.4[2]f（每分钟一次）至 %[3]v 次", "blank_hosts": "没有写主机；至少一个，例如 school.example 或 *.school.example",
		"revisit_bounds": "%[1]s 超出范围；应在 %[2]s 与 %[3]d 天之间", "revisit_swapped": "最长间隔比最短间隔短；请对调",
		"view_unknown": "没有视角 %[1]q；可写 %[2]s 或 %[3]s", "view_basis": "视角 search_crawler 需要写明 crawler_basis：责任单位书面同意之处，因为这种请求自称搜索引擎爬虫",
		"host_bare": "主机 %[1]q 不是单独的主机名；只写主机，不带协议和路径，例如 school.example", "host_star": "主机 %[1]q 的 * 只能写在最前面，作 *.；请逐个写出主机",
		"host_ipv6": "主机 %[1]q：IPv6 地址写在方括号里，例如 [2001:db8::1]", "host_name": "%[1]q 不是主机名；例如 school.example",
		"host_private": "主机 %[1]q 是内网地址，默认关闭；内网站点请允许内网地址（allow_private: true）", "host_address": "主机 %[1]q：地址没有子域名；请逐个写出地址",
		"host_suffix": "主机 %[1]q 覆盖许多单位的站点（%[2]s 是公共后缀）；写责任单位自己的域名，例如 *.school.%[3]s", "host_colon": "主机 %[1]q 以冒号结尾；写端口或去掉冒号",
		"port": "主机 %[1]q：端口 %[2]q 不是 1 至 65535 的数", "port_default": "主机 %[1]q：80 与 443 端口不必写；写 %[2]s",
		"path_slash": "路径 %[1]q 不以 / 开头；写路径前缀，例如 /news/", "path_sign": "路径 %[1]q 含 ? # * 之一；只写路径前缀，例如 /news/", "path_bad": "路径 %[1]q 写法不对；写路径前缀，例如 /news/",
		"seed_url":     "起始网址不是完整的网址；例如 https://school.example/",
		"seed_port":    "起始网址 %[1]q 用端口 %[2]s，授权没有覆盖：不写端口的主机只含 80 与 443；把 %[3]s 加进主机，或去掉端口",
		"seed_outside": "起始网址 %[1]q 不在本授权范围内（%[2]s）；补上主机或路径、允许查询，或删去它",
		"file_size":    "文件有 %[1]d 字节，超过 %[2]d；请拆成几份", "encoding": "文件不是 UTF-8 文本；请另存为 UTF-8", "file_empty": "文件是空的；以 authorisations: 开头",
		"yaml": "不是正确的 YAML：检查缩进，以 * 开头的文本要加引号（%[1]s）", "file_second": "文件里有第二份 YAML 文档；请合并到一个 authorisations: 之下",
		"file_list": "authorisations 不是列表；每一条以短横线开头", "mapping": "这里应是键和值；可用的键：%[2]s", "anchor": "不能用锚点和别名；请把值写出来",
		"key_unknown": "没有键 %[1]q；%[2]s", "key_twice": "键 %[1]q 写了两次；保留一个", "rate_number": "速率 %[1]q 不是每秒请求数；写 0.5、1 或 2",
		"truth": "%[1]s 的 %[2]q 既不是 true 也不是 false；写 true（是）或 false（否）", "text": "%[1]s 不是文本；写在一行里", "list": "%[1]s 不是列表；写成 %[2]s",
		"entry": "%[1]s 里有一项不是文本；加引号，例如 \"*.school.example\"", "date": "%[1]s 的 %[2]q 不是日期；写 2026-12-31 或 2026-12-31T18:00:00+08:00",
		"span": "%[1]s 的 %[2]q 不是时间长度；写 90m、6h 或 7d", "slip": "%[1]s", "formula": "%[1]q 是公式；写它的值",
		"csv": "不是正确的 CSV：文本里的引号要写两个（%[1]v）", "csv_empty": "文件是空的；首行写列名，例如 编号、责任单位、依据", "csv_columns": "这一行有 %[1]d 格，超过 %[2]d；整行用同一种分隔符，一格里的多个主机用空格隔开", "csv_encoding": "不是 UTF-8 或 GB 18030 文本；请另存为“CSV UTF-8”",
		"column_unknown": "没有列 %[1]q；可用的列名与“新增授权”表单各栏相同，如编号、责任单位、依据、联系人、生效日期、截止日期、主机、每秒请求数，也可用 scope.yaml 的键", "column_twice": "列 %[1]q 写了两次；保留一个", "column_none": "%[1]q 所在的列没有列名；在首行写列名，或清空它",
	}
}
