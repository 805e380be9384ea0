package analyze_test

import (
	"strings"
	"testing"

	"github.com/qianshao/qianshao"
)

// errorPages are shortened forms of the error pages that servers, frameworks and panels
// generate.
func errorPages() map[string]string {
	return map[string]string{
		"nginx":       `<html><head><title>404 Not Found</title></head><body><center><h1>404 Not Found</h1></center><hr><center>nginx/1.24.0</center></body></html><!-- a padding to disable MSIE and Chrome friendly error page --><!-- a padding to disable MSIE and Chrome friendly error page -->`,
		"Apache, old": `<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The requested URL /bet365/casino.html was not found on this server.</p></body></html>`,
		"gateway":     `<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center><hr><center>openresty</center></body></html>`,
		"Apache":      `<!DOCTYPE HTML PUBLIC "-//IETF//DTD HTML 2.0//EN"><html><head><title>403 Forbidden</title></head><body><h1>Forbidden</h1><p>You don't have permission to access this resource.</p><hr><address>Apache/2.4.57 (Win64) PHP/7.4.33 Server at www.a.example Port 80</address></body></html>`,
		"IIS":         `<html><head><title>404 - 找不到文件或目录。</title><style>body{margin:0;font-family:宋体}</style></head><body><div id="header"><h1>服务器错误</h1></div><div id="content"><fieldset><h2>404 - 找不到文件或目录。</h2><h3>您要查找的资源可能已被删除，已更改名称或者暂时不可用。</h3></fieldset></div></body></html>`,
		"IIS, detailed": `<html><head><title>IIS 10.0 详细错误 - 500.19</title></head><body><h3>HTTP 错误 500.19 - Internal Server Error</h3><h4>无法访问请求的页面，因为该页的相关配置数据无效。</h4><table><tr><th>模块</th><td>IIS Web Core</td></tr><tr><th>错误代码</th><td>0x80070021</td></tr>
			<tr><th>请求的 URL</th><td>http://localhost:80/</td></tr><tr><th>物理路径</th><td>C:\inetpub\wwwroot</td></tr><tr><th>登录方法</th><td>尚未确定</td></tr></table></body></html>`,
		"ASP.NET":  `<html><head><title>运行时错误</title></head><body><h1>“/”应用程序中的服务器错误。</h1><h2><i>运行时错误</i></h2><b>说明: </b>服务器上出现应用程序错误。此应用程序的当前自定义错误设置禁止远程查看应用程序错误的详细信息(出于安全原因)。<pre>&lt;customErrors mode="Off"/&gt;</pre></body></html>`,
		"Tomcat":   `<!doctype html><html lang="zh"><head><title>HTTP状态 404 - 未找到</title></head><body><h1>HTTP状态 404 - 未找到</h1><hr class="line"/><p><b>类型</b> 状态报告</p><p><b>消息</b> 请求的资源[&#47;a.jsp]不可用</p><p><b>描述</b> 源服务器未能找到目标资源的表示或者是不愿公开一个已经存在的资源表示。</p><hr/><h3>Apache Tomcat/9.0.80</h3></body></html>`,
		"ThinkPHP": `<html><head><title>系统发生错误</title></head><body><div class="error"><h1>:(</h1><h2>无法加载模块:Bet365</h2><div class="info"><h3>错误位置</h3><p>FILE: /www/wwwroot/a/ThinkPHP/Library/Think/App.class.php  LINE: 82</p></div></div><div class="copyright"><p>ThinkPHP 3.2.3 { Fast &amp; Simple OOP PHP Framework } -- [ WE CAN DO IT JUST THINK IT ]</p></div></body></html>`,
		"panel":    `<html><head><meta charset="utf-8"><title>没有找到站点</title></head><body><h1>没有找到站点</h1><p>您的请求在Web服务器中没有找到对应的站点！</p><p>可能原因：</p><ul><li>您没有将此域名或IP绑定到对应站点!</li><li>配置文件未生效!</li></ul><p>如何解决：检查是否已经绑定到对应站点；若使用CDN产品，请尝试清除CDN缓存；普通网站访客，请联系网站管理员。</p></body></html>`,
		"firewall": `<html><head><meta charset="utf-8"><title>网站防火墙</title></head><body><h1>您的请求带有不合法参数，已被网站管理员设置拦截！</h1><p>可能原因：您提交的内容包含危险的攻击请求</p><p>检查提交内容；如网站托管，请联系空间提供商；普通网站访客，请联系网站管理员；</p></body></html>`,
		"UPUPW":    `<html><head><meta charset="utf-8"><meta name="keywords" content="403,UPUPW,PHP,QQ"><title>403 禁止访问</title></head><body><h1>403</h1><p>您没有权限访问该目录</p><!-- url:"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAGQAAABkCAYAAABw4pVUAAAAAXNSR0IArs4c6QQ" --></body></html>`,
		"PHP":      `<br /><b>Warning</b>:  mysql_connect(): Access denied for user 'shop'@'localhost' (using password: YES) in <b>/www/wwwroot/a/config.php</b> on line <b>88</b><br />数据库连接失败`,
		"expired":  `<html><head><title>站点已暂停</title></head><body><h1>抱歉，站点已暂停</h1><p>该网站可能由于以下原因无法访问：空间到期未续费；流量超出限制；请网站管理员联系空间商。</p></body></html>`,
		"unfiled":  `<html><head><title>域名未备案</title></head><body><h1>您访问的网站未备案或未接入</h1><p>根据工信部规定，未完成备案的网站不得提供服务，请网站主办者尽快办理备案，备案期间无法访问。</p></body></html>`,
	}
}

// TestErrorPagesAreNothing: a server's own error page promotes nothing, whatever module or user
// names it contains; casino links injected into one are found.
func TestErrorPagesAreNothing(t *testing.T) {
	a := shipped(t)
	for name, body := range errorPages() {
		page := qianshao.Page{URL: "http://a.example/none", ContentType: "text/html; charset=utf-8", Body: []byte(body)}
		if _, got := a.Assess(page); got.Score > 0 {
			t.Errorf("%s: score %d, %+v", name, got.Score, got.Findings)
		}
		for how, hacked := range map[string]string{
			"links": injected,
			"title": `<title>注册送彩金_百家乐开户_金麒麟娱乐城官网</title>`,
		} {
			page.Body = []byte(strings.Replace(body, "<body>", "<body>"+hacked, 1) + map[bool]string{true: hacked}[!strings.Contains(body, "<body>")])
			if _, got := a.Assess(page); !got.Flagged() || got.Category != qianshao.Gambling {
				t.Errorf("%s with a casino's %s: level %s, category %q", name, how, got.Level, got.Category)
			}
		}
	}
}
