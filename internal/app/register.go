package app

import (
	"errors"

	"github.com/qianshao/qianshao"
	"github.com/qianshao/qianshao/dashboards/sites"
	"github.com/qianshao/qianshao/ingest"
	"github.com/qianshao/qianshao/locales"
)

// register is what the console needs to change the register of authorisations.
func (a *App) register() *sites.Register {
	return &sites.Register{ParseFile: parseFile, ParseFields: parseFields, Changed: a.Folder.RegisterChanged}
}

func parseFile(name string, data []byte) ([]qianshao.Authorisation, []sites.Mistake) {
	if name == "" && ingest.IsCSV(data) {
		name = "pasted.csv"
	}
	list, err := ingest.ParseScopeFile(name, data)
	return list, mistakes(err)
}

func parseFields(values map[string]string) (qianshao.Authorisation, []sites.Mistake) {
	a, err := ingest.ParseScopeFields(values)
	return a, mistakes(err)
}

func mistakes(err error) (list []sites.Mistake) {
	var wrong *ingest.ScopeError
	if !errors.As(err, &wrong) {
		if err != nil {
			list = append(list, sites.Mistake{Line: 1, Column: 1, Message: locales.M("scope.mistake.other", err)})
		}
		return list
	}
	for _, m := range wrong.Mistakes {
		list = append(list, sites.Mistake{Line: m.Line, Column: m.Column, Field: m.Field, Message: m.Message})
	}
	return list
}
