package main

import (
	"os"
	"regexp"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/qianshao/qianshao/internal/datafolder"
	"github.com/qianshao/qianshao/locales"
)

// overrideVariables drops the environment variables of flags that are on the command line. Kong would
// otherwise refuse a variable with a bad value even though its value is not used.
func overrideVariables(commands *kong.Node, args []string) {
	eachFlag(commands, func(flag *kong.Flag) {
		if typed(args, "--"+flag.Name) != "" {
			flag.Tag.Envs = nil
		}
	})
}

// ofVariable finds the name of the environment variable in kong's error about its value.
var ofVariable = regexp.MustCompile(` \(from envar (\w+)=`)

// variableError says in words of the catalogue what is wrong with the value of an environment variable.
// Kong keeps only the English text of such an error. Other errors are returned as they are.
func variableError(commands *kong.Node, err error) error {
	if err == nil {
		return nil
	}
	variable := ofVariable.FindStringSubmatch(err.Error())
	if variable == nil {
		return err
	}
	eachFlag(commands, func(flag *kong.Flag) {
		if !slices.Contains(flag.Envs, variable[1]) {
			return
		}
		if wrong := check(flag, os.Getenv(variable[1])); wrong != nil {
			err = &datafolder.InputError{Err: locales.Errorf("cli.variable", variable[1], wrong)}
		}
	})
	return err
}

// eachFlag calls f with each flag of a command and of its subcommands.
func eachFlag(command *kong.Node, f func(*kong.Flag)) {
	for _, flag := range command.Flags {
		f(flag)
	}
	for _, child := range command.Children {
		eachFlag(child, f)
	}
}
