# Renders templates as the reference does: a case a line in, what comes out a line out, as JSON.
require "json"
require "liquid"

class << Time
  attr_accessor :present

  def now = present
end

STDOUT.sync = true
STDIN.each_line do |line|
  given = JSON.parse(line)
  Time.present = Time.at(given["now"])
  answer =
    begin
      template = Liquid::Template.parse(given["source"], error_mode: :strict)
      { text: template.render!(given["variables"]) }
    rescue Liquid::Error, ArgumentError, TypeError, NoMethodError, RangeError => error
      { error: error.message }
    end
  puts JSON.generate(answer)
rescue JSON::GeneratorError => error
  puts JSON.generate({ error: error.class.name })
end
