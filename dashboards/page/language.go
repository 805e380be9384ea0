package page

import (
	"net/http"
	"time"

	"golang.org/x/text/language"

	"github.com/qianshao/qianshao/dashboards/auth"
	"github.com/qianshao/qianshao/locales"
)

const langCookie = "qianshao_lang"

// languageOf chooses the language of an answer: from ?lang= (which is stored in a cookie), the
// cookie, or Accept-Language; otherwise Chinese.
func languageOf(w http.ResponseWriter, r *http.Request) locales.Lang {
	if l, ok := locales.Parse(r.URL.Query().Get("lang")); ok {
		http.SetCookie(w, &http.Cookie{
			Name: langCookie, Value: l.Code(), Path: "/", MaxAge: int((365 * 24 * time.Hour).Seconds()),
			HttpOnly: true, SameSite: http.SameSiteLaxMode, Secure: auth.IsTLS(r),
		})
		return l
	}
	if c, err := r.Cookie(langCookie); err == nil {
		if l, ok := locales.Parse(c.Value); ok {
			return l
		}
	}
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil || len(tags) == 0 {
		return locales.Chinese
	}
	// Readers of other languages get English, which they are more likely to know.
	known := []language.Tag{language.English, language.SimplifiedChinese, language.TraditionalChinese}
	if _, i, _ := language.NewMatcher(known).Match(tags...); i > 0 {
		return locales.Chinese
	}
	return locales.English
}
