question = Wie war es? Bitte bewerten Sie dieses Gespräch.
mark-1 = Sehr schlecht
mark-2 = Schlecht
mark-3 = Befriedigend
mark-4 = Gut
mark-5 = Ausgezeichnet
hint = Antworten Sie mit einer Zahl von 1 bis 5.
comment = Danke! Möchten Sie etwas hinzufügen? Wenn nicht, brauchen Sie nichts weiter zu schreiben.
comment-low = Danke, und es tut uns leid. Was hätten wir besser machen sollen?
changed = In Ordnung: { $mark } von 5.
thanks = Danke, wir haben es weitergegeben.
note = Bewertung { $mark } von 5
alert = Schlechte Bewertung, { $mark } von 5: { $who }
dialog = Dialog öffnen

# What a client may write instead, in lower case.
words-1 = eins furchtbar
words-2 = zwei
words-3 = drei
words-4 = vier
words-5 = fünf fuenf super
words-of = von
words-around = stern sterne punkt punkte note
