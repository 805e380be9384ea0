package policy

import (
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/qianshao/qianshao/analyze/packs"
	"github.com/qianshao/qianshao/analyze/rule/syntax"
)

// TestNames: common kinds of names, of nobody in particular, have the shape of a name; words that
// rules look for do not.
func TestNames(t *testing.T) {
	n := newNames()
	const persons = `王伟 王芳 李娜 李强 张敏 张静 刘洋 刘艳 陈杰 陈丽 杨勇 赵军 吴霞 周建国 徐明辉 孙晓燕 朱文博 胡雪梅 郭志强 何佳怡 林浩然 罗永康 梁思源
		宋雨桐 郑梓涵 谢宇轩 韩春梅 唐国庆 冯玉兰 董学军 萧天佑 程海波 曹德旺 袁小龙 邓丽华 许文静 傅雅婷 沈嘉豪 曾庆荣 彭博文 吕秀英 苏晓彤 卢俊杰 蒋欣妍
		贾宝林 丁一凡 魏国栋 薛子墨 叶心怡 阎立新 余承泽 潘美琳 杜月华 戴诗雅 夏雨晴 钟铭远 汪涵宁 田秋菊 任正平 姜雪莹 欧阳明 司马长风 诸葛文 上官婉清
		李克俭 朱厚涛 马云飞 黄奇志 周杰 习文远 任非凡 王主席 李书记 张国强局长 刘先生 高部长 白记者 王小明丑闻`
	missed := 0
	for _, name := range strings.Fields(persons) {
		if n.shape(name) == noName {
			missed++
			t.Logf("not taken for a name: %s", name)
		}
	}
	if all := len(strings.Fields(persons)); missed*20 > all {
		t.Errorf("%d of %d names are not seen", missed, all)
	}
	for _, word := range strings.Fields("注册送彩金 百家乐 老虎机 高清无码 金沙城 万博体育 白菜彩金 全国可飞 包夜 马会资料 龙虎斗 石油 钱庄 江湖 高仿王伟 金海岸 马甲包 李") {
		if n.shape(word) != noName {
			t.Errorf("%s is taken for a name", word)
		}
	}
}

// TestNamesInPacks bounds the false alarms on words that the shipped rules look for.
func TestNamesInPacks(t *testing.T) {
	n, names, terms := newNames(), map[string]bool{}, map[string]bool{}
	judge := func(x syntax.Term) {
		if terms[x.Key] = true; n.shape(withoutSeparators(x)) != noName {
			names[x.Key] = true
			t.Logf("taken for a name: %s", x.Text)
		}
	}
	err := fs.WalkDir(packs.FS(), ".", func(name string, _ fs.DirEntry, err error) error {
		f := &syntax.File{Name: name}
		src, _ := fs.ReadFile(packs.FS(), name)
		switch path.Ext(name) {
		case ".txt":
			if name != "words.txt" {
				list, _, _ := f.ParseList(src)
				for _, x := range list {
					judge(x)
				}
			}
		case ".yaml":
			for _, b := range f.ParseRule(src).Detection.Blocks {
				for _, text := range b.Terms {
					x, _ := f.ParseTerm(text.Value, text.Place)
					judge(x)
				}
			}
		}
		return err
	})
	if err != nil || len(terms) < 1000 {
		t.Fatalf("%d terms, %v", len(terms), err)
	}
	if len(names)*1000 > len(terms) {
		t.Errorf("%d of %d shipped terms are taken for names", len(names), len(terms))
	}
	t.Logf("%d of %d shipped terms are taken for names", len(names), len(terms))
}
